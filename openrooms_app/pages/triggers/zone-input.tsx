// A time zone by its IANA name, out of all that the browser knows; begins with the browser's own.
import { useEffect, useId, useState } from "react";
import { INPUT } from "../../components/kit.tsx";

const AFTER_TYPING_MS = 250;

type Props = { readonly value?: string; readonly fault?: string; readonly onChange?: (zone: string) => void };

export function ZoneInput({ value = "", fault = "", onChange }: Props) {
  const id = useId();
  const [text, setText] = useState(value);
  const [zones, setZones] = useState<readonly string[]>([]);
  useEffect(() => {
    setZones([...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])].sort());
    if (!value) setText(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  }, []);
  useEffect(() => {
    if (!text || text === value) return;
    const timer = window.setTimeout(() => onChange?.(text), AFTER_TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">Time zone</label>
      <input id={id} list={`${id}-zones`} required maxLength={64} spellCheck={false} autoComplete="off" value={text}
        onChange={(event) => setText(event.target.value)} onBlur={() => text && text !== value && onChange?.(text)}
        aria-invalid={fault !== ""} aria-describedby={`${id}-fault`} className={INPUT} />
      <datalist id={`${id}-zones`}>{zones.map((zone) => <option key={zone} value={zone} />)}</datalist>
      <p id={`${id}-fault`} role="alert" className="mt-1 text-xs text-fail empty:hidden">{fault}</p>
    </div>
  );
}
