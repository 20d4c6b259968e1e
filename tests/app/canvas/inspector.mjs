// Answers each line of stdin, a call as [function, ...arguments], with what the inspector's own function gives.
import { createInterface } from "node:readline";
import { givenBy } from "../../../openrooms_app/canvas/inspector/given.ts";
import * as properties from "../../../openrooms_app/canvas/inspector/input-properties.ts";
import * as names from "../../../openrooms_app/canvas/inspector/names.ts";
import { fits, JSON_SHAPE, LOOSE_SHAPE, SCHEMA_SHAPE, withKey } from "../../../openrooms_app/canvas/inspector/reading.ts";

const shapes = { json: JSON_SHAPE, loose: LOOSE_SHAPE, schema: SCHEMA_SHAPE };
const functions = {
  ...properties,
  ...names,
  fits,
  givenBy,
  withKey,
  read: (shape, text) => shapes[shape].read(text),
  again: (shape, value) => shapes[shape].read(shapes[shape].print(value)).value,
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line);
  console.log(JSON.stringify(functions[name](...given) ?? null));
}
