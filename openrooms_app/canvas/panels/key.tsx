/** A key as it is printed on the keyboard at hand. */

const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Delete: "Del", Escape: "Esc", PageUp: "Page Up", PageDown: "Page Down" };

export function keyText(key: string): string {
  const words = key.split("+").map((part) => NAMES[part] ?? (part === "Mod" ? (IS_MAC ? "⌘" : "Ctrl") : part));
  return words.join("+");
}

export function Key({ name }: { readonly name: string }) {
  return <kbd className="ml-1 whitespace-nowrap rounded border border-line bg-hover px-1.5 font-mono text-2xs">{keyText(name)}</kbd>;
}
