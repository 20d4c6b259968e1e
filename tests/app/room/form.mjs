// Reads forms with the page's own TypeScript: [{schema, inputs}] from stdin, what each form says to stdout.
import { readFileSync } from "node:fs";
import { draftOf, fieldsOf, isOptional, valueOf } from "../../../openrooms_app/components/form.ts";

const asked = JSON.parse(readFileSync(0, "utf8"));
const told = asked.map(({ schema, inputs }) => {
  const fields = fieldsOf(schema);
  const draft = draftOf(fields);
  return { kinds: fields.map(({ name, kind }) => [name, kind]), draft, isOptional: isOptional(schema), ...valueOf(fields, { ...draft, ...inputs }) };
});
process.stdout.write(JSON.stringify(told));
