import { type Graph, type Tensors, tensor, toNumbers } from "@graft-ml/core";
import { writeModel } from "@graft-ml/graph";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "./available.fixture.ts";
import { elementwiseCases } from "./elementwise.cases.ts";
import { tfjsEngine } from "./engine.ts";
import { declaredAs, operatorGraph, operatorInputs, worst } from "./operator-inputs.fixture.ts";
import { operatorCases } from "./operators.cases.ts";

/** Runs the graph in ONNX Runtime, the judge. */
async function judged(graph: Graph, inputs: Tensors): Promise<Tensors> {
  const session = await InferenceSession.create(writeModel(graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const feeds = Object.entries(inputs).map(([name, { dtype, dims, data }]) => [
    name,
    new OrtTensor(dtype as "float32", data as Float32Array, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, tensor(t.type as "float32", t.dims, t.data as Float32Array)]),
  );
}

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
