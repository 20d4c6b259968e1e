/** One transition: from where to where, and when a run takes it. */

import { useMemo } from "react";
import { ArrowRight, Spline, Trash2 } from "lucide-react";
import { leaving, nodeOf, ON, type On, type Outcome, type Transition, type WorkflowDocument } from "../document/document.ts";
import { NOTHING, patchTransition, type TransitionPatch } from "../document/operations.ts";
import { problemsAt, under } from "../document/problems.ts";
import { fieldOf } from "../document/schema.ts";
import { outcomesIn } from "../state/catalogue.ts";
import { deleteSelected } from "../state/selected.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { FieldFrame, Findings } from "./field-frame.tsx";
import { namesAt, withValues } from "./names.ts";
import { NamesContext } from "./names-context.ts";
import { Header, TextButton } from "./parts.tsx";
import { ExpressionField, NumberField } from "./scalar-fields.tsx";
import { targetTitle } from "./ways-out.tsx";

const WHEN = fieldOf("when", { type: "string", description: "An expression that gives true or false." }, true, {});
const PRIORITY = fieldOf(
  "priority",
  { type: "integer", minimum: -1_000_000, maximum: 1_000_000, default: 0, description: "Lower is tried first." },
  false,
  {},
);
const SHOWN: ReadonlySet<string> = new Set(["on", "when", "priority", "name", "source", "target"]);

type Props = { readonly editor: Editor; readonly document: WorkflowDocument; readonly transition: Transition };

export function TransitionInspector({ editor, document, transition }: Props) {
  const { id } = transition;
  const all = useStore(editor.store, (state) => state.problems);
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const problems = useMemo(() => problemsAt(all, document, { transitions: id }), [all, document, id]);
  const patch = (part: TransitionPatch): void => editor.edit((before) => patchTransition(before, id, part), `transition:${id}:${Object.keys(part).join()}`);
  const shared = (key: string) => ({ problems: under(problems, [key]), path: [key], isTemplate: false });
  return (
    <NamesContext value={() => withValues(namesAt(editor.document, catalogue, transition.source, true), editor.runs.latest.get())}>
      <Header icon={<span className="oc-tile oc-tile-square"><Spline size={16} aria-hidden /></span>} title={transition.name || "Transition"} detail={id} />
      <Findings problems={problems.filter(({ at }) => !SHOWN.has(at[0] ?? ""))} />
      <Ends editor={editor} document={document} transition={transition} />
      <Findings problems={[...under(problems, ["source"]), ...under(problems, ["target"])]} />
      <div className="oi-fields">
        <Trigger {...{ editor, document, transition }} problems={under(problems, ["on"])} />
        {(transition.on === "CONDITION_MET" || transition.when !== undefined) && (
          <ExpressionField {...shared("when")} field={WHEN} value={transition.when} onChange={(when) => patch({ when: when as string | undefined })} />
        )}
        <NumberField {...shared("priority")} field={PRIORITY} value={transition.priority} onChange={(priority) => patch({ priority: priority as number | undefined })} />
        <FieldFrame label="Name" help="Shown on the line instead of its condition." problems={under(problems, ["name"])}>
          {(control) => (
            <input {...control} className="oi-input" type="text" autoComplete="off" maxLength={200} value={transition.name ?? ""} onChange={({ target }) => patch({ name: target.value || undefined })} />
          )}
        </FieldFrame>
      </div>
      <div className="oi-actions">
        <TextButton Icon={Trash2} className="is-danger" onClick={() => deleteSelected(editor)}>Delete</TextButton>
      </div>
    </NamesContext>
  );
}

function Ends({ editor, document, transition: { source, target } }: Props) {
  const end = (id: string, role: string) => (
    <button type="button" className="oi-button" title={`Select the ${role}`} onClick={() => editor.select({ ...NOTHING, nodes: [id] })}>
      {targetTitle(document, id)}
    </button>
  );
  return (
    <div className="oi-ends">
      {end(source, "source")}
      <ArrowRight size={14} aria-label="to" />
      {end(target, "target")}
    </div>
  );
}

function Trigger({ editor, document, transition, problems }: Props & { readonly problems: ReturnType<typeof under> }) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const type = nodeOf(document, transition.source)?.type ?? "";
  const offered = triggers(type, outcomesIn(catalogue)(type));
  const choose = (on: On): void => editor.edit((before) => patchTransition(before, transition.id, retriggered(before, transition, on)));
  return (
    <FieldFrame label="On" help={catalogue.transitions.find((each) => each.on === transition.on)?.description} problems={problems}>
      {(control) => (
        <select {...control} className="oi-input" value={transition.on} onChange={({ target }) => choose(target.value as On)}>
          {ON.filter((on) => on === transition.on || offered.includes(on)).map((on) => <option key={on} value={on}>{on}</option>)}
        </select>
      )}
    </FieldFrame>
  );
}

/** What a way out of a node of this type can answer to. */
function triggers(type: string, outcomes: readonly Outcome[]): readonly On[] {
  switch (type) {
    case "START":
      return ["ALWAYS", "SUCCESS"];
    case "DECISION":
      return ["CONDITION_MET", "ALWAYS", "FAILURE"];
    case "PARALLEL":
      return ["ALWAYS", "FAILURE"];
    default:
      return ["ALWAYS", "CONDITION_MET", ...outcomes];
  }
}

/** Another trigger: a condition belongs to CONDITION_MET alone, where it is asked after those that are there. */
function retriggered(document: WorkflowDocument, { id, source, priority }: Transition, on: On): TransitionPatch {
  if (on !== "CONDITION_MET") return { on, when: undefined, priority: undefined };
  const others = leaving(document, source).filter((way) => way.id !== id && way.on === on);
  const taken = others.map((way) => way.priority ?? 0);
  return { on, priority: taken.includes(priority ?? 0) ? Math.max(...taken) + 1 : priority };
}
