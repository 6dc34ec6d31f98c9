import type { Engine, Tensors } from "@graft-ml/core";
import { onnxRuntimeEngine } from "@graft-ml/runtime";
import { describe, expect, it, test } from "vitest";
import { runChecks } from "./check.ts";
import { checkNoLeak } from "./check-no-leak.ts";
import { failureOf } from "./failing.fixture.ts";
import { tinyBackbone } from "./freezing/tiny-backbone.ts";

const { graph } = tinyBackbone();

describe("ONNX Runtime", () => runChecks(checkNoLeak(onnxRuntimeEngine, graph), test));

/** An engine over ONNX Runtime that counts what it holds and breaks one promise. */
async function broken(change: "keeps" | "aliases" | "survives"): Promise<{ engine: Engine; held: () => number }> {
  const good = await onnxRuntimeEngine();
  let count = 0;
  const shared = new Map<string, Tensors[string]>();
  const engine: Engine = {
    ...good,
    name: "broken",
    async prepare(model, options) {
      const program = await good.prepare(model, options);
      return {
        ...program,
        async run(inputs, fetch) {
          if (change === "keeps") count++;
          const results = await program.run(inputs, fetch);
          if (change !== "aliases") return results;
          for (const [name, value] of Object.entries(results)) {
            const before = shared.get(name);
            if (before === undefined) shared.set(name, value);
            else (before.data as Float32Array).set(value.data as Float32Array);
          }
          return Object.fromEntries(shared);
        },
        release: async () => (change === "survives" ? undefined : program.release()),
      };
    },
  };
  return { engine, held: () => count };
}

it.each([
  [
    "keeps",
    "many runs hold nothing and give the same bits",
    "expected 1 held after 50 runs, as after the first; received 50",
  ],
  ["aliases", "outputs are the caller's own", '"features" differs'],
  ["survives", "a run after the release is refused", 'received "accepted"'],
] as const)("an engine that %s", async (change, check, message) => {
  const { engine, held } = await broken(change);
  expect(await failureOf(checkNoLeak(engine, graph, { held }), check)).toContain(message);
});
