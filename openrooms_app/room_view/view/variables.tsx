/** What the run came to, what it was given, and its variables as they stand at the moment looked at. */

import { Braces } from "lucide-react";
import { isOver, type Json } from "../data/event.ts";
import type { Names, Written } from "../data/fold.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";
import { GroupTitle, Notice } from "./kit.tsx";

export function Variables() {
  const { timeline } = useShown();
  const standing = useStanding();
  const run = useView((view) => view.run);
  if (!timeline.log.last) return <Notice Icon={Braces} title="No variables yet">What each step gives is shown here as soon as a run sets it.</Notice>;
  const branches = Object.entries(standing.vars).filter(([branch, names]) => branch !== "" && Object.keys(names).length);
  return (
    <div className="flex flex-col gap-3" data-testid="variables">
      {standing.error && <Failure error={standing.error} />}
      {isOver(standing.status) && !standing.error && (
        <section data-testid="result">
          <GroupTitle>Result</GroupTitle>
          <JsonTree value={standing.output} path="" open={2} />
        </section>
      )}
      <Overlay title="Variables" names={standing.vars[""] ?? {}} path="vars" empty="None is set yet." />
      {branches.map(([branch, names]) => <Overlay key={branch} title={`Branch ${branch}`} names={names} path="vars" />)}
      {Object.entries(standing.memory).map(([branch, names]) => (
        <Overlay key={branch} title={branch ? `Remembered in branch ${branch}` : "Remembered by this run"} names={names} path="memory" />
      ))}
      {hasContent(run?.input) && (
        <section>
          <GroupTitle>Input</GroupTitle>
          <JsonTree value={run!.input} path="input" open={2} />
        </section>
      )}
    </div>
  );
}

function hasContent(value: Json | undefined): boolean {
  return value !== undefined && value !== null && (typeof value !== "object" || Object.keys(value).length > 0);
}

function Failure({ error }: { readonly error: { readonly code?: string; readonly message?: string; readonly node_id?: string | null } }) {
  const { model } = useRoom();
  return (
    <section className="rounded-md border border-fail/40 bg-fail/5 p-2.5" data-testid="failure">
      <p className="font-mono text-xs font-semibold text-fail">{error.code}</p>
      <p className="mt-0.5 whitespace-pre-wrap break-words text-sm">{error.message}</p>
      {error.node_id && (
        <button type="button" className="mt-1 cursor-pointer text-xs text-accent-ink hover:underline" onClick={() => model.point(error.node_id ?? null)}>
          Show the node {error.node_id}
        </button>
      )}
    </section>
  );
}

type OverlayProps = { readonly title: string; readonly names: Names; readonly path: string; readonly empty?: string };

function Overlay({ title, names, path, empty }: OverlayProps) {
  const entries = Object.entries(names);
  if (!entries.length && !empty) return null;
  return (
    <section>
      <GroupTitle>{title}</GroupTitle>
      {!entries.length && <p className="text-sm text-mute">{empty}</p>}
      {entries.map(([name, written]) => <Variable key={name} name={name} written={written} path={`${path}.${name}`} />)}
    </section>
  );
}

function Variable({ name, written, path }: { readonly name: string; readonly written: Written; readonly path: string }) {
  const { model } = useRoom();
  return (
    <div className="flex items-start gap-1" data-testid={`variable-${name}`}>
      <div className="min-w-0 flex-1">
        <JsonTree name={name} value={written.value} path={path} open={0} />
      </div>
      <button type="button" title="To the event that set it" onClick={() => model.look(written.seq)}
        className="mt-0.5 shrink-0 cursor-pointer rounded px-1 font-mono text-2xs text-mute hover:bg-hover hover:text-ink">
        @{written.seq}
      </button>
    </div>
  );
}
