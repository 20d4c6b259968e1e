/** Which keys a command has: those of the table, or the ones that a person chose instead, kept in this browser. */

import type { Command } from "./commands.ts";
import { createStore, type Store } from "./store.ts";

export type Chosen = Readonly<Record<string, readonly string[]>>;
export type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

const PLACE = "openrooms.keys";
const MODIFIERS: ReadonlySet<string> = new Set(["Control", "Meta", "Shift", "Alt", "AltGraph", "Dead", "Process", "Unidentified"]);
/** Tab is for the focus, and what the clipboard and the browser need is theirs. */
const TAKEN: ReadonlySet<string> = new Set(["Tab", "Shift+Tab", "Mod+C", "Mod+X", "Mod+V", "Mod+R", "Mod+T", "Mod+W", "Mod+L"]);

/** The names that a key press goes by, the most usual first: "Mod+Shift+Z"; Mod is Ctrl, on a Mac ⌘. */
export function keyNames({ key, code, ctrlKey, metaKey, shiftKey, altKey }: KeyPress): string[] {
  if (MODIFIERS.has(key)) return [];
  const before = `${ctrlKey || metaKey ? "Mod+" : ""}${altKey ? "Alt+" : ""}${shiftKey ? "Shift+" : ""}`;
  const drawn = altKey ? /^Key([A-Z])$/.exec(code)?.[1] : undefined;
  const plain = drawn ?? (key.length === 1 ? key.toUpperCase() : key);
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  const names = [`${before}${plain}`];
  if (digit) names.push(`${before}${digit}`);
  if (key === "?") names.unshift("?");
  return names;
}

/** Only what the storage holds and is well formed; a storage that is forbidden holds nothing. */
function readChosen(storage: Pick<Storage, "getItem">): Chosen {
  try {
    const raw: unknown = JSON.parse(storage.getItem(PLACE) ?? "{}");
    const entries = Object.entries(raw as object).filter(([, keys]) => Array.isArray(keys) && keys.every((key) => typeof key === "string"));
    return Object.fromEntries(entries) as Chosen;
  } catch {
    return {};
  }
}

export class Keymap {
  readonly chosen: Store<Chosen>;
  private readonly commands: readonly Command[];
  private readonly storage: Pick<Storage, "getItem" | "setItem">;

  constructor(commands: readonly Command[], storage: Pick<Storage, "getItem" | "setItem">) {
    this.commands = commands;
    this.storage = storage;
    this.chosen = createStore(readChosen(storage));
  }

  keysOf(command: Command): readonly string[] {
    return this.chosen.get()[command.id] ?? command.keys;
  }

  isOwn(command: Command): boolean {
    return command.id in this.chosen.get();
  }

  /** The command that a key press stands for. */
  find(press: KeyPress, isTyping: boolean): Command | undefined {
    const names = keyNames(press);
    return this.commands.find((command) => (!isTyping || command.isGlobal) && this.keysOf(command).some((key) => names.includes(key)));
  }

  /** Give a command this key alone; the answer says why it can't have it, or is null. */
  give(command: Command, key: string): string | null {
    if (TAKEN.has(key)) return `${key.replace("Mod", "Ctrl")} is not free: ${key.endsWith("Tab") ? "Tab moves the focus" : "the browser needs it"}.`;
    if (command.isGlobal && !/^(Mod|Alt)\+|^(Shift\+)?F\d/.test(key)) return "This command works in fields too: it needs Ctrl, Alt or a function key.";
    const other = this.commands.find((each) => each !== command && this.keysOf(each).includes(key));
    if (other) return `${key.replace("Mod", "Ctrl")} belongs to “${other.title}”.`;
    return this.put({ ...this.chosen.get(), [command.id]: [key] });
  }

  /** Back to the keys of the table, for one command or for all. */
  reset(command?: Command): string | null {
    const rest = Object.entries(this.chosen.get()).filter(([id]) => command && id !== command.id);
    return this.put(Object.fromEntries(rest));
  }

  private put(chosen: Chosen): string | null {
    this.chosen.set(chosen);
    try {
      this.storage.setItem(PLACE, JSON.stringify(chosen));
      return null;
    } catch {
      return "This browser can't keep it: its storage is full or forbidden.";
    }
  }
}
