// What is shown once: the address of a webhook, a key, a call to try; each with a button that copies it.
import { useState, type ReactNode } from "react";
import { Check, Copy, TriangleAlert } from "lucide-react";
import { Button, copy } from "../../components/kit.tsx";
import { absolute, curlFor, type OpenedHook } from "./asking.ts";

const SHORTLY_MS = 2_000;

export function HookOpened({ opened, onDone }: { readonly opened: OpenedHook; readonly onDone?: (() => void) | undefined }) {
  return (
    <Once what={opened.secret ? "the address and the key" : "the address"} onDone={onDone}>
      <Shown label="Address" text={absolute(opened.url)} />
      {opened.secret && <Shown label="Key" text={opened.secret} />}
      <Shown label="Try it with curl" text={curlFor(opened)} isLong />
    </Once>
  );
}

export function KeyOpened({ secret, onDone }: { readonly secret: string; readonly onDone?: (() => void) | undefined }) {
  return (
    <Once what="the key" onDone={onDone}>
      <Shown label="Key" text={secret} />
      <p className="text-xs text-mute">
        Check each delivery with it: <code className="font-mono">X-OpenRooms-Signature: t=SECONDS,v1=HEX</code> is the
        HMAC-SHA256 of <code className="font-mono">SECONDS.DELIVERY.BODY</code>, where DELIVERY stands
        in <code className="font-mono">X-OpenRooms-Delivery</code>. Drop a delivery whose id you have seen.
      </p>
    </Once>
  );
}

function Once({ what, onDone, children }: { readonly what: string; readonly onDone?: (() => void) | undefined; readonly children: ReactNode }) {
  return (
    <div className="flex flex-col gap-4">
      <p role="status" className="flex items-start gap-2 rounded-md bg-wait/10 px-3 py-2 text-sm text-wait">
        <TriangleAlert size={16} aria-hidden className="mt-0.5 shrink-0" />
        <span>Copy {what} now: this is the only time that you see {what.includes(" and ") ? "them" : "it"}.</span>
      </p>
      {children}
      <div className="flex justify-end"><Button look="solid" onClick={onDone}>Done</Button></div>
    </div>
  );
}

function Shown({ label, text, isLong = false }: { readonly label: string; readonly text: string; readonly isLong?: boolean }) {
  const [said, setSaid] = useState<"" | "Copied" | "Select it and copy by hand">("");
  const take = async (): Promise<void> => {
    setSaid((await copy(text)) ? "Copied" : "Select it and copy by hand");
    window.setTimeout(() => setSaid(""), SHORTLY_MS);
  };
  return (
    <div>
      <div className="mb-1 flex h-6 items-center justify-between gap-2">
        <span className="text-xs font-medium">{label}</span>
        <span className="flex items-center gap-2 text-xs text-mute">
          <span role="status">{said}</span>
          <button type="button" onClick={() => void take()} aria-label={`Copy: ${label}`} title="Copy"
            className="grid size-6 cursor-pointer place-items-center rounded-md hover:bg-hover hover:text-ink">
            {said === "Copied" ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          </button>
        </span>
      </div>
      <pre tabIndex={0} aria-label={label}
        className={`rounded-md border border-line bg-bg px-2.5 py-1.5 font-mono text-xs ${isLong ? "overflow-x-auto" : "whitespace-pre-wrap break-all"}`}>{text}</pre>
    </div>
  );
}
