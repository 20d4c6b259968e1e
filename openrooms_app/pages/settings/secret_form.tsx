// Sets a secret by HTTP: its value goes from this form to the API and passes through nobody's state.
import { useState, type CSSProperties, type FormEvent } from "react";
import { AREA, Button, INPUT } from "../../components/kit.tsx";
import { send } from "./sending.ts";

const HIDDEN = { WebkitTextSecurity: "disc" } as CSSProperties;

type Props = { name?: string; onDone?: (name: string) => void; onClose?: () => void };

/** With a `name` it gives that secret another value. */
export function SecretForm({ name = "", onDone, onClose }: Props) {
  const [problem, setProblem] = useState("");
  const [isShown, setShown] = useState(false);
  const [isSending, setSending] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = name || String(form.get("name"));
    setSending(true);
    const answer = await send("PUT", `/api/secrets/${encodeURIComponent(chosen)}`, { value: String(form.get("value")) });
    setSending(false);
    if ("problem" in answer) setProblem(answer.problem);
    else onDone?.(chosen);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" autoComplete="off">
      {!name && (
        <label className="block">
          <span className="mb-1 block text-xs font-medium">Name<span aria-hidden className="text-fail"> *</span></span>
          <input name="name" required maxLength={64} pattern="[a-z][a-z0-9_]*" autoFocus autoComplete="off" placeholder="shop_key"
            title="A small letter, then small letters, digits and _" className={`${INPUT} font-mono`} />
          <span className="mt-1 block text-xs text-mute">Small letters, digits and _.</span>
        </label>
      )}
      <div>
        <label className="block">
          <span className="mb-1 block text-xs font-medium">Value<span aria-hidden className="text-fail"> *</span></span>
          <textarea name="value" required rows={3} maxLength={65536} autoFocus={!!name} autoComplete="off" spellCheck={false} data-1p-ignore
            style={isShown ? undefined : HIDDEN} className={`${AREA} font-mono`} />
        </label>
        <label className="mt-1 flex w-fit cursor-pointer items-center gap-2 text-xs text-mute">
          <input type="checkbox" checked={isShown} onChange={(event) => setShown(event.target.checked)} className="size-4 accent-accent" />
          Show what I type
        </label>
      </div>
      <p role="alert" className="text-sm text-fail empty:hidden">{problem}</p>
      <div className="flex justify-end gap-2">
        <Button onClick={() => onClose?.()}>Cancel</Button>
        <Button type="submit" look="solid" isBusy={isSending}>{name ? "Change" : "Set"}</Button>
      </div>
    </form>
  );
}
