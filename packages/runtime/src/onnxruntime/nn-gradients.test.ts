import { type AttributeLiteral, float32 } from "@graft-ml/core";
import { differentiate, graphBuilder, reduceSum } from "@graft-ml/graph";
import { expect, it } from "vitest";
import { expectCentralDifferences } from "./central-differences.fixture.ts";
import { onnxRuntimeEngine } from "./index.ts";

const engine = await onnxRuntimeEngine();

/** Distinct values, far enough apart for the differences. */
const scattered = (dims: readonly number[]) => {
  const size = dims.reduce((a, b) => a * b, 1);
  return float32(
    dims,
    Array.from({ length: size }, (_, i) => ((i * 37) % 211) / 16),
  );
};

const geometries: readonly Readonly<Record<string, AttributeLiteral>>[] = [
  { kernel_shape: [2, 2], strides: [2, 2] },
  { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 },
  { kernel_shape: [2, 2], dilations: [2, 2] },
  { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" },
];

it.each(geometries)("MaxPool %j", async (attributes) => {
  await expectCentralDifferences(engine, {
    name: "MaxPool",
    inputs: [scattered([2, 2, 5, 6])],
    build: (g, x) => g.op("MaxPool", [x!], attributes),
  });
});

it("gives the gradient of equal elements to the first", async () => {
  const g = graphBuilder();
  const x = g.input("x", "float32", [1, 1, 2, 2]);
  const loss = g.name(reduceSum(g, g.op("MaxPool", [x], { kernel_shape: [2, 2] }), [0, 1, 2, 3], false), "loss");
  const { graph, gradients } = differentiate(g.finish([loss]), "loss", ["x"]);
  const program = await engine.prepare(graph);
  const found = await program.run({ x: float32([1, 1, 2, 2], [0, 1, 1, 1]) });
  await program.release();
  expect(Array.from(found[gradients.x!]!.data as Float32Array)).toEqual([0, 1, 0, 0]);
});
