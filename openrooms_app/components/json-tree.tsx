/** A JSON value as a tree that opens and closes; long texts and lists show their beginning first. */

import { useState } from "react";
import { Check, ChevronRight, Copy, Link2, type LucideIcon } from "lucide-react";
import type { Json, JsonObject } from "./json.ts";
import { copy } from "./kit.tsx";

const FIRST = 50;
const LONG = 240;

type Props = { readonly value: Json; readonly name?: string; readonly path?: string; readonly depth?: number; readonly open?: number };

/** `open` is how many levels are open at first; `path` is how an expression would reach the value. */
export function JsonTree({ value, name, path = name ?? "", depth = 0, open = 1 }: Props) {
  if (value === null || typeof value !== "object") return <Leaf value={value} name={name} path={path} />;
  return <Branch value={value as readonly Json[] | JsonObject} name={name} path={path} depth={depth} open={open} />;
}

function Leaf({ value, name, path }: { readonly value: Exclude<Json, object> | null; readonly name: string | undefined; readonly path: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const isLong = text.length > LONG;
  return (
    <div className="group flex items-start gap-1.5 rounded px-1 font-mono text-xs leading-5 hover:bg-hover/60">
      <span className="w-3 shrink-0" />
      <div className="min-w-0 flex-1 whitespace-pre-wrap break-words">
        {name !== undefined && <Name name={name} />}
        <span className={typeof value === "string" ? "text-ink" : "text-accent-ink"}>{isLong && !isWhole ? `${text.slice(0, LONG)}…` : text || <i className="text-mute">empty text</i>}</span>
        {isLong && (
          <button type="button" className="ml-1 cursor-pointer font-sans text-2xs text-accent-ink hover:underline" onClick={() => setWhole(!isWhole)}>
            {isWhole ? "less" : `all ${text.length.toLocaleString()} characters`}
          </button>
        )}
      </div>
      <Copying value={value} path={path} />
    </div>
  );
}

type BranchProps = Omit<Required<Props>, "value" | "name"> & { readonly value: readonly Json[] | JsonObject; readonly name: string | undefined };

function Branch({ value, name, path, depth, open }: BranchProps) {
  const [isOpen, setOpen] = useState(depth < open);
  const [count, setCount] = useState(FIRST);
  const isList = Array.isArray(value);
  const entries: readonly (readonly [string, Json])[] = Object.entries(value);
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <div>
      <div className="group flex items-start gap-1.5 rounded px-1 font-mono text-xs leading-5 hover:bg-hover/60">
        <button type="button" aria-expanded={isOpen} aria-label={`${name ?? "value"} ${size}`} onClick={() => setOpen(!isOpen)}
          className="flex min-w-0 flex-1 cursor-pointer items-start gap-1.5 text-left">
          <ChevronRight size={12} aria-hidden className={`mt-1 shrink-0 text-mute transition-transform ${isOpen ? "rotate-90" : ""}`} />
          <span className="min-w-0 truncate">
            {name !== undefined && <Name name={name} />}
            <span className="text-mute">{size}</span>
            {!isOpen && <span className="text-mute"> {peek(value)}</span>}
          </span>
        </button>
        <Copying value={value as Json} path={path} />
      </div>
      {isOpen && (
        <div className="ml-[9px] border-l border-line pl-1.5">
          {entries.slice(0, count).map(([key, inner]) => (
            <JsonTree key={key} value={inner} name={key} path={isList ? `${path}[${key}]` : path ? `${path}.${key}` : key} depth={depth + 1} open={open} />
          ))}
          {entries.length > count && (
            <button type="button" onClick={() => setCount(count * 4)} className="cursor-pointer px-1 text-2xs text-accent-ink hover:underline">
              {(entries.length - count).toLocaleString()} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { readonly name: string }) {
  return <span className="text-mute">{name}: </span>;
}

function peek(value: readonly Json[] | JsonObject): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function Copying({ value, path }: { readonly value: Json; readonly path: string }) {
  const text = (): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
  return (
    <span className="flex shrink-0">
      {path && <CopyButton Icon={Link2} label={`Copy the path ${path}`} text={() => path} />}
      <CopyButton Icon={Copy} label="Copy the value" text={text} />
    </span>
  );
}

function CopyButton({ Icon, label, text }: { readonly Icon: LucideIcon; readonly label: string; readonly text: () => string }) {
  const [isDone, setDone] = useState(false);
  const onClick = async (): Promise<void> => {
    if (!(await copy(text()))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1_000);
  };
  const Shown = isDone ? Check : Icon;
  return (
    <button type="button" aria-label={label} title={label} onClick={() => void onClick()}
      className="mt-0.5 shrink-0 cursor-pointer rounded p-0.5 text-mute opacity-0 hover:text-ink focus-visible:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100">
      <Shown size={12} aria-hidden />
    </button>
  );
}
