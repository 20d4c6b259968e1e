/** The sheet of keys: every command with its keys, which can be changed here and are kept in this browser. */

import { useEffect, useState } from "react";
import { RotateCcw } from "lucide-react";
import { Button, INPUT } from "../../components/kit.tsx";
import { COMMANDS, GESTURES, type Command } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import { keyNames } from "../state/keymap.ts";
import { useStore } from "../state/use-store.ts";
import { Dialog } from "./dialog.tsx";
import { Key } from "./key.tsx";

const GROUPS = [...new Set(COMMANDS.map(({ group }) => group))];

export function KeysDialog({ editor }: { readonly editor: Editor }) {
  const chosen = useStore(editor.keymap.chosen, (value) => value);
  const [text, setText] = useState("");
  const [asking, setAsking] = useState<Command | null>(null);
  const [fault, setFault] = useState("");
  const isShown = (title: string, keys: readonly string[]): boolean => `${title} ${keys.join(" ")}`.toLowerCase().includes(text.trim().toLowerCase());
  useKeyCapture(asking, (key) => {
    setAsking(null);
    if (asking && key) setFault(editor.keymap.give(asking, key) ?? "");
  });
  return (
    <Dialog editor={editor} title="Keys" isWide>
      <div className="mb-3 flex gap-2">
        <input data-first className={INPUT} aria-label="Find a key or a command" placeholder="Find …" value={text} onChange={(event) => setText(event.target.value)} />
        <Button disabled={!Object.keys(chosen).length} onClick={() => setFault(editor.keymap.reset() ?? "")}>Reset all</Button>
      </div>
      <p role="status" className={`mb-2 min-h-4 text-xs ${fault ? "text-fail" : "text-mute"}`}>
        {asking ? `Press the key for “${asking.title}”; Esc leaves it as it is.` : fault || "Click a key to change it."}
      </p>
      <div className="gap-x-8 sm:columns-2">
        {GROUPS.map((group) => {
          const commands = COMMANDS.filter((command) => command.group === group && isShown(command.title, editor.keymap.keysOf(command)));
          return commands.length > 0 && (
            <Section key={group} title={group}>
              {commands.map((command) => (
                <Row key={command.id} command={command} keys={editor.keymap.keysOf(command)} isOwn={editor.keymap.isOwn(command)} isAsking={asking === command}
                  onAsk={() => (setFault(""), setAsking(command))} onReset={() => setFault(editor.keymap.reset(command) ?? "")} />
              ))}
            </Section>
          );
        })}
        <Section title="By hand">
          {GESTURES.filter(({ title, keys }) => isShown(title, keys)).map(({ title, keys }) => (
            <li key={title} className="flex items-center gap-2 py-0.5 text-sm">
              <span className="flex-1">{title}</span>
              <span className="shrink-0">{keys.map((key) => <Key key={key} name={key} />)}</span>
            </li>
          ))}
        </Section>
      </div>
    </Dialog>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section className="mb-4 break-inside-avoid-column">
      <h3 className="pb-1 text-2xs font-semibold uppercase tracking-wider text-mute">{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}

type RowProps = {
  readonly command: Command;
  readonly keys: readonly string[];
  readonly isOwn: boolean;
  readonly isAsking: boolean;
  readonly onAsk: () => void;
  readonly onReset: () => void;
};

function Row({ command, keys, isOwn, isAsking, onAsk, onReset }: RowProps) {
  return (
    <li className="flex min-h-7 items-center gap-1 text-sm" data-testid={`key-${command.id}`}>
      <span className="flex-1">{command.title}</span>
      {isOwn && (
        <button type="button" aria-label={`Reset the key of “${command.title}”`} title="Back to the usual key" className="grid size-6 place-items-center rounded text-mute hover:text-ink" onClick={onReset}>
          <RotateCcw size={12} aria-hidden />
        </button>
      )}
      <button type="button" aria-label={`Change the key of “${command.title}”`} aria-pressed={isAsking} className={`shrink-0 rounded-md py-0.5 pr-1 hover:bg-hover ${isAsking ? "bg-hover outline outline-accent" : ""}`} onClick={onAsk}>
        {isAsking ? <span className="px-1.5 text-2xs">…</span> : !keys.length ? <span className="px-1.5 text-2xs text-mute">no key</span> : keys.map((key) => <Key key={key} name={key} />)}
      </button>
    </li>
  );
}

/** While a command waits for its key, the next press is that key and nothing else. */
function useKeyCapture(asking: Command | null, onKey: (key: string | null) => void): void {
  useEffect(() => {
    if (!asking) return undefined;
    const take = (event: KeyboardEvent): void => {
      const [name] = keyNames(event);
      if (!name) return;
      event.preventDefault();
      event.stopPropagation();
      onKey(name === "Escape" ? null : name);
    };
    window.addEventListener("keydown", take, true);
    return () => window.removeEventListener("keydown", take, true);
  }, [asking]);
}
