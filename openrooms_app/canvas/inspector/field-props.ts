/** What every field of a generated form is given. */

import type { Json, WorkflowNode } from "../document/document.ts";
import type { LocalProblem } from "../document/problems.ts";
import type { Field } from "../document/schema.ts";
import type { Catalogue } from "../state/catalogue.ts";

export type FieldProps = {
  readonly field: Field;
  readonly value: Json | undefined;
  /** Those at the field or below it. */
  readonly problems: readonly LocalProblem[];
  /** Where the field stands in what is inspected: `["config", "policy"]`. */
  readonly path: readonly string[];
  /** Whether `{{ }}` may stand in the value or for it. */
  readonly isTemplate: boolean;
  /** Undefined takes the value away. */
  readonly onChange: (value: Json | undefined) => void;
};

/** A field that knows more of its surroundings than its schema tells. */
export type ConfigFieldProps = FieldProps & { readonly node: WorkflowNode; readonly catalogue: Catalogue };

/** What a field's frame shows of it. */
export function frameOf({ field, problems }: FieldProps) {
  const { label, help, unit, isRequired } = field;
  return { label, help, unit, isRequired, problems };
}
