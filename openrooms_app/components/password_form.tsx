// Changes one's own password by HTTP: what is typed never becomes state, and the answer carries the new session.
import { useEffect, useId, useState, type FormEvent } from "react";
import { Button } from "./kit.tsx";

const INPUT = "h-8 w-full rounded-md border border-line-strong bg-bg px-2.5 text-sm text-ink aria-[invalid=true]:border-fail";
const DONE = "changed";

type Said = { text: string; isError: boolean };

export function PasswordForm({ userName = "" }: { userName?: string }) {
  const [said, setSaid] = useState<Said | null>(null);
  const [isSending, setSending] = useState(false);
  useEffect(() => {
    if (window.location.hash === `#${DONE}`)
      setSaid({ text: "Your password is changed. All your other sessions are logged out.", isError: false });
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (form.get("new") !== form.get("again")) {
      setSaid({ text: "The two new passwords differ. Type the same one twice.", isError: true });
      return;
    }
    setSending(true);
    const problem = await send(String(form.get("old")), String(form.get("new")));
    setSending(false);
    if (problem) setSaid({ text: problem, isError: true });
    else leave();
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex max-w-sm flex-col gap-3">
      <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
      <Password name="old" label="Present password" complete="current-password" />
      <Password name="new" label="New password" complete="new-password" hint="At least 10 characters; a few words in a row are good." />
      <Password name="again" label="New password again" complete="new-password" />
      <p role={said?.isError ? "alert" : "status"} className={`text-sm empty:hidden ${said?.isError ? "text-fail" : "text-ok"}`}>{said?.text}</p>
      <Button type="submit" isBusy={isSending} className="w-fit">Change password</Button>
    </form>
  );
}

function Password({ name, label, complete, hint }: { name: string; label: string; complete: string; hint?: string }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">{label}</label>
      <input id={id} type="password" name={name} required maxLength={1024} autoComplete={complete} className={INPUT}
        aria-describedby={hint && `${id}-hint`} />
      {hint && <p id={`${id}-hint`} className="mt-1 text-xs text-mute">{hint}</p>}
    </div>
  );
}

/** What is wrong, or nothing. */
async function send(before: string, after: string): Promise<string | undefined> {
  try {
    const answer = await fetch("/api/auth/password", { method: "POST", body: new URLSearchParams({ old: before, new: after }) });
    if (answer.ok) return undefined;
    const body = await answer.json().catch(() => ({}));
    if (body.code === "bad_credentials") return "The present password is not right.";
    return String(body.detail ?? `The server answered with status ${answer.status}.`);
  } catch {
    return "The server could not be reached. Check your connection and try again.";
  }
}

/** The open websocket still carries the ended session: only a new page has the new one. */
function leave() {
  window.location.hash = DONE;
  window.location.reload();
}
