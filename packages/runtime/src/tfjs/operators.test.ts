import { toNumbers } from "@graft-ml/core";
import { beforeAll, expect, it } from "vitest";
import { judged } from "../layers.fixture.ts";
import { onEachBackend } from "./available.fixture.ts";
import { elementwiseCases } from "./elementwise.cases.ts";
import { tfjsEngine } from "./engine.ts";
import { declaredAs, operatorGraph, operatorInputs, worst } from "./operator-inputs.fixture.ts";
import { operatorCases } from "./operators.cases.ts";

onEachBackend("operators", (backend) => {
  let engine: Awaited<ReturnType<typeof tfjsEngine>>;
  beforeAll(async () => {
    engine = await tfjsEngine({ backend });
  });

  for (const one of [...operatorCases, ...elementwiseCases]) {
    const { name, tolerance = 2e-5 } = one;
    const orders = one.inputs.some((spec) => spec.dims.length === 4 && spec.dtype === "float32")
      ? [false, true]
      : [false];
    it.each(orders)(`${name} (channels last: %s)`, async (last) => {
      const graph = operatorGraph(one, last);
      const inputs = operatorInputs(one);
      const program = await engine.prepare(graph);
      const results = await program.run(inputs);
      await program.release();
      const expected = await judged(declaredAs(graph, results), inputs);
      for (const output of graph.outputs) {
        const [mine, theirs] = [results[output.name]!, expected[output.name]!];
        expect(mine.dtype).toBe(theirs.dtype);
        expect(mine.dims).toEqual(theirs.dims);
        expect(worst(toNumbers(mine), toNumbers(theirs))).toBeLessThan(tolerance);
      }
    });
  }
});
