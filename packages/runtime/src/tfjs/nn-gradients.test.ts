import { float32 } from "@graft-ml/core";
import { differentiate, graphBuilder, reduceSum } from "@graft-ml/graph";
import { expect, it } from "vitest";
import { onnxRuntimeEngine } from "../onnxruntime/index.ts";
import { onEachBackend } from "./available.fixture.ts";
import { tfjsEngine } from "./engine.ts";

onEachBackend("gradients of pooling", (backend) =>
  it("MaxPool agrees with ONNX Runtime", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3, 7, 6]);
    const y = g.op("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    const loss = g.name(reduceSum(g, g.op("Mul", [y, y]), [0, 1, 2, 3], false), "loss");
    const { graph, gradients } = differentiate(g.finish([loss]), "loss", ["x"]);
    const values = Array.from({ length: 252 }, (_, i) => ((i * 37) % 101) / 16);
    const results: Float32Array[] = [];
    for (const engine of [await onnxRuntimeEngine(), await tfjsEngine({ backend })]) {
      const program = await engine.prepare(graph);
      const found = await program.run({ x: float32([2, 3, 7, 6], values) });
      results.push(Float32Array.from(found[gradients.x!]!.data as Float32Array));
      await program.release();
    }
    for (const [i, value] of results[0]!.entries()) expect(results[1]![i]).toBeCloseTo(value, 4);
  }),
);
