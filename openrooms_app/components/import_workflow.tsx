// Chooses a workflow file and sends it by REST: a websocket event could not carry a large one.
import { useRef, useState } from "react";
import { FileUp, LoaderCircle } from "lucide-react";

const LIMIT_BYTES = 5 * 1024 * 1024;
const LOOK = "inline-flex h-8 shrink-0 cursor-pointer items-center justify-center gap-1.5 whitespace-nowrap rounded-md border border-line bg-panel px-3 text-sm font-medium text-ink transition-colors enabled:hover:bg-hover disabled:cursor-not-allowed disabled:opacity-50";

type Props = {
  onImported?: (id: string, name: string, problems: number) => void;
  onRefused?: (file: string, why: string) => void;
};

export function ImportWorkflow({ onImported, onRefused }: Props) {
  const chooser = useRef<HTMLInputElement>(null);
  const [isSending, setSending] = useState(false);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setSending(true);
    const answer = await send(file).catch(() => ({ why: "The server could not be reached. Check your connection and try again." }));
    setSending(false);
    if (chooser.current) chooser.current.value = "";
    if ("why" in answer) onRefused?.(file.name, answer.why);
    else onImported?.(answer.id, answer.name, answer.problems);
  };
  return (
    <>
      <button type="button" className={LOOK} disabled={isSending} onClick={() => chooser.current?.click()}>
        {isSending ? <LoaderCircle size={15} aria-hidden className="animate-spin" /> : <FileUp size={15} aria-hidden />}
        Import
      </button>
      <input ref={chooser} type="file" accept=".json,.yaml,.yml" hidden aria-label="Workflow file"
        onChange={(event) => void take(event.target.files?.[0])} />
    </>
  );
}

type Sent = { id: string; name: string; problems: number } | { why: string };

async function send(file: File): Promise<Sent> {
  if (file.size > LIMIT_BYTES) return { why: "The file is larger than 5 MiB. Split the workflow." };
  const isYaml = /\.ya?ml$/i.test(file.name);
  const response = await fetch("/api/workflows/import", {
    method: "POST",
    headers: { "content-type": isYaml ? "application/yaml" : "application/json" },
    body: file,
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) return { why: String(body.detail ?? `The server answered with status ${response.status}.`) };
  const errors = (body.problems ?? []).filter((each: { severity?: string }) => each.severity === "error");
  return { id: String(body.id), name: String(body.name), problems: errors.length };
}
