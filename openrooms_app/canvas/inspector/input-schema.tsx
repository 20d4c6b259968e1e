/** What a run of the workflow is given: a table of its fields, or the JSON Schema itself. */

import type { JsonObject } from "../document/document.ts";
import type { LocalProblem } from "../document/problems.ts";
import { propertiesOf } from "./input-properties.ts";
import { Group } from "./parts.tsx";
import { SchemaTable } from "./schema-table.tsx";

type Props = {
  readonly schema: JsonObject | undefined;
  readonly problems: readonly LocalProblem[];
  readonly onChange: (schema: JsonObject | undefined) => void;
};

export function InputSchema({ schema, problems, onChange }: Props) {
  const rows = propertiesOf(schema);
  return (
    <Group title="Input" hint={rows ? String(rows.length) : "JSON Schema"}>
      <SchemaTable
        schema={schema}
        path={["input_schema"]}
        problems={problems}
        none="A run takes no input. Add a field to ask for one; expressions read it as input.name."
        help="What a run is given, as JSON Schema."
        hasDefaults
        onChange={onChange}
      />
    </Group>
  );
}
