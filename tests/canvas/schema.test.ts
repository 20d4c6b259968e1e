// A JSON Schema read as a form, and what people type into it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../openrooms_app/canvas/document/document.ts";
import { fieldsOf, isTemplate, labelOf, readJson, readNumber } from "../../openrooms_app/canvas/document/schema.ts";

/** As pydantic writes it: references, nulls as alternatives, titles that nobody wants to read. */
const SCHEMA: JsonObject = {
  $defs: {
    Retry: { type: "object", properties: { max_attempts: { type: "integer", minimum: 1, maximum: 100, default: 1 } } },
    Mode: { type: "string", enum: ["fast", "slow"] },
  },
  type: "object",
  required: ["prompt"],
  properties: {
    prompt: { type: "string", maxLength: 65_536, title: "Prompt", template: true },
    until: { anyOf: [{ type: "string" }, { type: "null" }], default: null, expression: true, description: "a time" },
    timeout_s: { anyOf: [{ type: "number", exclusiveMinimum: 0, maximum: 60 }, { type: "null" }], default: null },
    mode: { $ref: "#/$defs/Mode", default: "fast" },
    retry: { anyOf: [{ $ref: "#/$defs/Retry" }, { type: "null" }], default: null },
    wait_for: { anyOf: [{ enum: ["all", "any"], type: "string" }, { type: "integer", minimum: 1 }], default: "all" },
    tools: { type: "array", items: { type: "string" }, default: [] },
    headers: { type: "object", additionalProperties: { type: "string" } },
    output_schema: { anyOf: [{ type: "object", additionalProperties: true }, { type: "null" }] },
    anything: { default: null },
    on: { type: "boolean", default: false },
  },
};

test("each property becomes a field of the kind that suits it", () => {
  const kinds = Object.fromEntries(fieldsOf(SCHEMA).map((field) => [field.key, field.kind]));
  assert.deepEqual(kinds, {
    prompt: "text", until: "expression", timeout_s: "number", mode: "choice", retry: "object", wait_for: "mixed",
    tools: "strings", headers: "pairs", output_schema: "schema", anything: "json", on: "boolean",
  });
});

test("a field knows its words, bounds, choices and parts", () => {
  const fields = Object.fromEntries(fieldsOf(SCHEMA).map((field) => [field.key, field]));
  assert.equal(fields["prompt"]!.isRequired, true);
  assert.equal(fields["prompt"]!.isLong, true);
  assert.equal(fields["until"]!.help, "a time");
  assert.deepEqual([fields["timeout_s"]!.label, fields["timeout_s"]!.unit], ["Timeout", "s"]);
  assert.deepEqual(fields["mode"]!.choices.map(({ value }) => value), ["fast", "slow"]);
  assert.deepEqual(fields["retry"]!.fields.map(({ key, maximum }) => [key, maximum]), [["max_attempts", 100]]);
  assert.deepEqual(fields["wait_for"]!.choices.map(({ value }) => value), ["all", "any"]);
});

test("a label has no unit and no underscores", () => {
  assert.equal(labelOf("max_duration_s"), "Max duration");
  assert.equal(labelOf("max_cost_usd"), "Max cost");
});

test("a number is read exactly as typed or refused in words", () => {
  const field = { kind: "number", minimum: 0, maximum: 60, isOpenBelow: true } as const;
  assert.deepEqual(readNumber("2.5", field), { value: 2.5 });
  assert.deepEqual(readNumber(" ", field), { value: undefined });
  assert.match(readNumber("0", field).fault!, /More than 0/);
  assert.match(readNumber("61", field).fault!, /At most 60/);
  for (const text of ["1,5", "0x10", "Infinity", "NaN", "1_000", "５"]) assert.ok(readNumber(text, field).fault, text);
  assert.match(readNumber("1.5", { ...field, kind: "integer" }).fault!, /whole/);
});

test("a lone template stands for its string, broken JSON for nothing", () => {
  assert.deepEqual(readJson(" {{ vars.x }} "), { value: "{{ vars.x }}" });
  assert.deepEqual(readJson('{"a": [1]}'), { value: { a: [1] } });
  assert.ok(readJson("{{ a }} and {{ b }}").fault);
  assert.ok(isTemplate("x {{ y }}") && !isTemplate(5));
});
