/** Says which inputs an expression reads that no run is asked for, and declares them with one click. */

import { useContext } from "react";
import { inputsNeeded, templatesOf } from "../document/references.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { propertiesOf, withProperties } from "./input-properties.ts";
import { LiveContext } from "./live.tsx";
import type { Mode } from "./names.ts";

type Props = { readonly text: string; readonly mode: Mode };

export function Undeclared(props: Props) {
  const editor = useContext(LiveContext);
  return editor && props.mode !== "plain" && props.text.includes("input") ? <Shown editor={editor} {...props} /> : null;
}

function Shown({ editor, text, mode }: Props & { readonly editor: Editor }) {
  const schema = useStore(editor.store, (state) => state.history.now.input_schema);
  const rows = propertiesOf(schema);
  const names = rows && inputsNeeded(mode === "expression" ? [text] : templatesOf(text)).filter((name) => !rows.some((row) => row.name === name));
  if (!names?.length) return null;
  const declare = (): void =>
    editor.edit((document) => {
      const before = propertiesOf(document.input_schema) ?? [];
      const added = names.map((name) => ({ name, schema: { type: "string" }, isRequired: true }));
      return { ...document, input_schema: withProperties(document.input_schema, [...before, ...added]) };
    });
  return (
    <p className="oi-live" data-testid="undeclared-input">
      Not among the workflow's inputs: {names.join(", ")}. <button type="button" className="oi-link" onClick={declare}>Add {names.length > 1 ? "them" : "it"}</button>
    </p>
  );
}
