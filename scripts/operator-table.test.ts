import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { operators } from "../packages/graph/src/operators/index.ts";
import { operators as tfjs } from "../packages/runtime/src/tfjs/operators/index.ts";

const README = join(import.meta.dirname, "..", "packages", "graph", "README.md");
const [START, END] = ["<!-- operators: start -->", "<!-- operators: end -->"];

/** The table is made from the code: run with UPDATE=1 to write it. */
test("the README's operator table says what the code does", () => {
  const rows = [...operators]
    .sort((a, b) => ((a.domain ?? "") + a.op < (b.domain ?? "") + b.op ? -1 : 1))
    .map(({ op, domain = "", since, gradient, stopsGradient }) => {
      const key = domain === "" ? op : `${domain}.${op}`;
      const slope = gradient ? "yes" : stopsGradient ? "none by nature" : "no";
      return `| ${key} | ${since} | ${slope} | yes | ${tfjs[key] ? "yes" : "no"} |`;
    });
  const table = [
    "| operator | since opset | gradient | onnxruntime | tfjs-node, tfjs-wasm |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  const text = readFileSync(README, "utf8");
  const [before, rest] = text.split(START) as [string, string];
  const after = rest.split(END)[1]!;
  const wanted = `${before}${START}\n${table}\n${END}${after}`;
  if (process.env.UPDATE) writeFileSync(README, wanted);
  expect(readFileSync(README, "utf8")).toBe(wanted);
});

test("every operator of a graph runs on both engines", () => {
  const missing = operators.map(({ op, domain }) => (domain ? `${domain}.${op}` : op)).filter((key) => !tfjs[key]);
  expect(missing).toEqual([]);
});
