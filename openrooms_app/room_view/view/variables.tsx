/** What the run came to, what it was given, and its variables as they stand at the moment looked at. */

import { Braces, ChevronLeft, ChevronRight } from "lucide-react";
import { keyOf } from "../data/changes.ts";
import { isOver, type Json } from "../data/event.ts";
import { spellBranch, type Names, type Written } from "../data/fold.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { Failure } from "./failure.tsx";
import { JsonTree } from "../../components/json-tree.tsx";
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
      {standing.status === "COMPLETED" && (
        <section data-testid="result">
          <GroupTitle>Result</GroupTitle>
          {standing.output === null ? <p className="text-sm text-mute">None: the END that it came to gives no result.</p> : <JsonTree value={standing.output} path="" open={2} />}
        </section>
      )}
      {(branches.length === 0 || standing.vars[""]) && (
        <Overlay title="Variables" names={standing.vars[""] ?? {}} path="vars" branch="" empty={isOver(standing.status) ? "None was set." : "None is set yet."} />
      )}
      {branches.map(([branch, names]) => <Overlay key={branch} title={spellBranch(branch)} names={names} path="vars" branch={branch} />)}
      {Object.entries(standing.memory).map(([branch, names]) => (
        <Overlay key={branch} title={branch ? `Remembered in ${spellBranch(branch)}` : "Remembered by this run"} names={names} path="memory" branch={branch} />
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

type OverlayProps = { readonly title: string; readonly names: Names; readonly path: "vars" | "memory"; readonly branch: string; readonly empty?: string };

function Overlay({ title, names, path, branch, empty }: OverlayProps) {
  const entries = Object.entries(names);
  if (!entries.length && !empty) return null;
  return (
    <section>
      <GroupTitle>{title}</GroupTitle>
      {!entries.length && <p className="text-sm text-mute">{empty}</p>}
      {entries.map(([name, written]) => <Variable key={name} name={name} written={written} kind={path} branch={branch} />)}
    </section>
  );
}

type VariableProps = { readonly name: string; readonly written: Written; readonly kind: "vars" | "memory"; readonly branch: string };

function Variable({ name, written, kind, branch }: VariableProps) {
  const { model } = useRoom();
  return (
    <div className="flex items-start gap-1" data-testid={`variable-${name}`}>
      <div className="min-w-0 flex-1">
        <JsonTree name={name} value={written.value} path={`${kind}.${name}`} open={0} />
      </div>
      <Beside name={name} kind={kind} branch={branch} written={written} step={-1} />
      <button type="button" title="To the event that set it" onClick={() => model.look(written.seq)}
        className="mt-0.5 shrink-0 cursor-pointer rounded px-1 font-mono text-2xs text-mute hover:bg-hover hover:text-ink">
        @{written.seq}
      </button>
      <Beside name={name} kind={kind} branch={branch} written={written} step={1} />
    </div>
  );
}

/** To where the name changed before or after the value that is shown. */
function Beside({ name, kind, branch, written, step }: VariableProps & { readonly step: 1 | -1 }) {
  const { model } = useRoom();
  const { timeline } = useShown();
  const seq = timeline.changeBeside(keyOf(kind, branch, name), written.seq, step);
  const label = `To the ${step < 0 ? "change before" : "next change"} of ${name}`;
  const Icon = step < 0 ? ChevronLeft : ChevronRight;
  return (
    <button type="button" aria-label={label} title={label} disabled={seq === null} onClick={() => seq !== null && model.look(seq)}
      className="mt-0.5 grid size-5 shrink-0 cursor-pointer place-items-center rounded text-mute hover:bg-hover hover:text-ink disabled:invisible">
      <Icon size={12} aria-hidden />
    </button>
  );
}
