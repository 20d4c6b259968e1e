// Makes an API key by HTTP and shows it this once: it lives in this form and nowhere else.
import { useId, useState, type FormEvent } from "react";
import { Check, Copy } from "lucide-react";
import { Button, copy, INPUT } from "../../components/kit.tsx";
import { send } from "./sending.ts";

type Scope = { value: string; text: string };
type Made = { name: string; key: string };

const EXPIRIES = [["7", "in 7 days"], ["30", "in 30 days"], ["90", "in 90 days"], ["365", "in a year"], ["", "never"]] as const;

export function KeyForm({ scopes = [], onMade, onClose }: { scopes?: Scope[]; onMade?: () => void; onClose?: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const [problem, setProblem] = useState("");
  const [isSending, setSending] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = String(form.get("expires"));
    setSending(true);
    const answer = await send<Made>("POST", "/api/keys", {
      name: String(form.get("name")),
      scopes: form.getAll("scope"),
      expires_in_days: days ? Number(days) : null,
    });
    setSending(false);
    if ("problem" in answer) return setProblem(answer.problem);
    setMade(answer.value);
    onMade?.();
  };
  if (made) return <Shown made={made} onClose={onClose} />;
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <label className="block">
        <span className="mb-1 block text-xs font-medium">Name<span aria-hidden className="text-fail"> *</span></span>
        <input name="name" required maxLength={100} autoFocus autoComplete="off" placeholder="What is it for?" className={INPUT} />
      </label>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1.5 text-xs font-medium">What the program may do</legend>
        {scopes.map(({ value, text }) => (
          <label key={value} className="flex cursor-pointer items-baseline gap-2 text-sm">
            <input type="checkbox" name="scope" value={value} defaultChecked={value === "read"} className="size-4 translate-y-0.5 accent-accent" />
            <span><span className="font-medium">{value}</span> <span className="text-mute">{text}</span></span>
          </label>
        ))}
        <p className="text-xs text-mute">Each of them reads besides.</p>
      </fieldset>
      <label className="block">
        <span className="mb-1 block text-xs font-medium">Expires</span>
        <select name="expires" defaultValue="90" className={INPUT}>
          {EXPIRIES.map(([days, text]) => <option key={days} value={days}>{text}</option>)}
        </select>
      </label>
      <p role="alert" className="text-sm text-fail empty:hidden">{problem}</p>
      <div className="flex justify-end gap-2">
        <Button onClick={() => onClose?.()}>Cancel</Button>
        <Button type="submit" look="solid" isBusy={isSending}>Make key</Button>
      </div>
    </form>
  );
}

function Shown({ made, onClose }: { made: Made; onClose?: () => void }) {
  const call = `curl -H "Authorization: Bearer ${made.key}" ${window.location.origin}/api/rooms`;
  return (
    <div className="flex flex-col gap-4">
      <p role="status" className="rounded-md bg-ok/10 p-3 text-sm">
        The key <strong className="font-medium">{made.name}</strong> is made. Copy it now: it is not kept and won't be shown again.
      </p>
      <Copied label="Key" text={made.key} />
      <Copied label="A first call" text={call} />
      <div className="flex justify-end"><Button look="solid" onClick={() => onClose?.()}>I have it</Button></div>
    </div>
  );
}

/** A text to take along; where the browser gives no clipboard, it is selected for copying by hand. */
function Copied({ label, text }: { label: string; text: string }) {
  const id = useId();
  const [said, setSaid] = useState("");
  const take = async () => {
    if (await copy(text)) return setSaid("Copied");
    document.querySelector<HTMLInputElement>(`#${CSS.escape(id)}`)?.select();
    setSaid("Selected: copy it with the keyboard");
  };
  return (
    <div>
      <div className="mb-1 flex h-5 items-end justify-between text-xs">
        <label htmlFor={id} className="font-medium">{label}</label>
        <span role="status" className="text-mute">{said}</span>
      </div>
      <div className="flex gap-2">
        <input id={id} readOnly value={text} onFocus={(event) => event.target.select()} className={`${INPUT} font-mono text-xs`} />
        <Button Icon={said === "Copied" ? Check : Copy} onClick={() => void take()} aria-label={`Copy: ${label}`}>Copy</Button>
      </div>
    </div>
  );
}
