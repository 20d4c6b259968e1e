/** Values that no field is known for: another tool's arguments, a plug-in's that is not installed here. */

import { X } from "lucide-react";
import type { Json, JsonObject } from "../document/document.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import { fieldOf } from "../document/schema.ts";
import { IconButton } from "./parts.tsx";
import { JsonField } from "./scalar-fields.tsx";

type Props = {
  readonly keys: readonly string[];
  readonly values: JsonObject;
  readonly problems: readonly LocalProblem[];
  readonly path: readonly string[];
  readonly onChange: (key: string, value: Json | undefined) => void;
};

export function UnknownFields({ keys, values, problems, path, onChange }: Props) {
  return keys.map((key) => (
    <div className="oi-row" key={key}>
      <JsonField
        field={{ ...fieldOf(key, {}, false, {}), label: key, help: "Not known here." }}
        value={values[key]}
        problems={under(problems, [...path, key])}
        path={[...path, key]}
        isTemplate
        onChange={(value) => onChange(key, value)}
      />
      <IconButton Icon={X} label={`Remove ${key}`} onClick={() => onChange(key, undefined)} />
    </div>
  ));
}
