/** For a list of [schema, value] on standard input: what the editor finds wrong, as JSON. */

import { readFileSync } from "node:fs";
import type { Json } from "../../openrooms_app/canvas/document/document.ts";
import { misfit } from "../../openrooms_app/canvas/document/fits.ts";

const asked = JSON.parse(readFileSync(0, "utf8")) as [Json, Json][];
process.stdout.write(JSON.stringify(asked.map(([schema, value]) => misfit(schema, value))));
