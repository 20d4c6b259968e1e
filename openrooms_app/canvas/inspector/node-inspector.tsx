/** One node: who it is, its settings, what every node may carry, its ways out. */

import { useMemo, useState } from "react";
import { Copy, Trash2 } from "lucide-react";
import { titleOf, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { nodeIdFault } from "../document/identifiers.ts";
import { NOTHING, patchHead, patchNode, renameNode } from "../document/operations.ts";
import { problemsAt, under, type LocalProblem } from "../document/problems.ts";
import { typeOf, type NodeType } from "../state/catalogue.ts";
import { deleteSelected, duplicate } from "../state/selected.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { TypeTile } from "../icons.tsx";
import { AppliedField } from "./applied.tsx";
import { CommonFields, commonKeys } from "./common-fields.tsx";
import { ConfigForm, configFields } from "./config-form.tsx";
import { FieldFrame, Findings } from "./field-frame.tsx";
import { namesAt, withValues } from "./names.ts";
import { NamesContext } from "./names-context.ts";
import { Group, Header, TextButton } from "./parts.tsx";
import { InputSchema } from "./input-schema.tsx";
import { LastOutput, TryOut } from "./try-out.tsx";
import { WaysOut } from "./ways-out.tsx";

type Props = { readonly editor: Editor; readonly document: WorkflowDocument; readonly node: WorkflowNode };

export function NodeInspector({ editor, document, node }: Props) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const all = useStore(editor.store, (state) => state.problems);
  const problems = useMemo(() => problemsAt(all, document, { nodes: node.id }), [all, document, node.id]);
  const type = typeOf(catalogue, node.type);
  const names = (isAfter: boolean) => () => withValues(namesAt(editor.document, catalogue, node.id, isAfter), editor.runs.latest.get());
  return (
    <NamesContext value={names(false)}>
      <Header
        icon={<TypeTile type={node.type} icon={type?.icon ?? ""} />}
        title={titleOf(node)}
        detail={type?.title ?? node.type}
        help={type?.description ?? "This type is not installed here."}
      />
      {!configFields(type).length && <p className="oi-help">{type?.description.split("\n")[0] ?? "This type is not installed here."}</p>}
      <Findings problems={elsewhere(problems, node, type)} />
      <Identity editor={editor} document={document} node={node} problems={problems} />
      <TryOut editor={editor} node={node} />
      <LastOutput editor={editor} node={node} />
      {node.type === "START" && <Input editor={editor} document={document} />}
      <ConfigForm editor={editor} node={node} type={type} catalogue={catalogue} problems={problems} />
      <NamesContext value={names(true)}>
        <CommonFields editor={editor} node={node} type={type} problems={problems} />
      </NamesContext>
      {node.type !== "END" && <WaysOut editor={editor} document={document} node={node} />}
      <Description editor={editor} node={node} problems={problems} />
      <div className="oi-actions">
        <TextButton Icon={Copy} onClick={() => duplicate(editor)}>Duplicate</TextButton>
        <TextButton Icon={Trash2} className="is-danger" onClick={() => deleteSelected(editor)}>Delete</TextButton>
      </div>
    </NamesContext>
  );
}

/** What a run is asked for belongs to the workflow; it is looked for where a run begins. */
function Input({ editor, document }: Omit<Props, "node">) {
  const all = useStore(editor.store, (state) => state.problems);
  const problems = useMemo(() => under(problemsAt(all, document, {}), ["input_schema"]), [all, document]);
  return (
    <InputSchema
      schema={document.input_schema}
      problems={problems}
      onChange={(schema) => editor.edit((before) => patchHead(before, { input_schema: schema }), "workflow:input_schema")}
    />
  );
}

/** The problems that stand under none of the fields. */
function elsewhere(problems: readonly LocalProblem[], node: WorkflowNode, type: NodeType | undefined): LocalProblem[] {
  const config = new Set([...configFields(type).map(({ key }) => key), ...Object.keys(node.config)]);
  const own: ReadonlySet<string> = new Set(["id", "name", "description", ...(type ? commonKeys(node) : [])]);
  return problems.filter(({ at: [first = "", second = ""] }) => !own.has(first) && !(first === "config" && config.has(second)));
}

function Identity({ editor, document, node, problems }: Props & { readonly problems: readonly LocalProblem[] }) {
  const rename = (id: string): void => {
    editor.edit((before) => renameNode(before, node.id, id));
    editor.pins.rename(node.id, id);
    editor.select({ ...NOTHING, nodes: [id] });
  };
  return (
    <div className="oi-row oi-identity">
      <FieldFrame label="Name" problems={under(problems, ["name"])}>
        {(control) => (
          <input
            {...control}
            className="oi-input"
            type="text"
            autoComplete="off"
            maxLength={10_000}
            placeholder={node.id}
            value={node.name ?? ""}
            onChange={({ target }) => editor.edit((before) => patchNode(before, node.id, { name: target.value || undefined }), `node:${node.id}:name`)}
          />
        )}
      </FieldFrame>
      <AppliedField
        label="Id"
        problems={under(problems, ["id"])}
        value={node.id}
        faultOf={(id) => nodeIdFault(document, id, node.id)}
        onApply={rename}
      />
    </div>
  );
}

function Description({ editor, node, problems }: Omit<Props, "document"> & { readonly problems: readonly LocalProblem[] }) {
  const [isOpen] = useState(Boolean(node.description));
  return (
    <Group title="Description" isOpen={isOpen} hint={node.description ? "" : "none"}>
      <FieldFrame label="For whoever reads the workflow" problems={under(problems, ["description"])}>
        {(control) => (
          <textarea
            {...control}
            className="oi-area"
            rows={3}
            maxLength={10_000}
            value={node.description ?? ""}
            onChange={({ target }) =>
              editor.edit((before) => patchNode(before, node.id, { description: target.value || undefined }), `node:${node.id}:description`)
            }
          />
        )}
      </FieldFrame>
    </Group>
  );
}
