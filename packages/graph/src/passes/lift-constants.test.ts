import { float32, int64, type Tensor } from "@graft-ml/core";
import { expect, test } from "vitest";
import { graphBuilder } from "../builder.ts";
import { differentiate } from "../differentiate.ts";
import { reduceMean } from "../emit.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { widenHalf } from "./half.ts";
import { liftConstants } from "./lift-constants.ts";

function exported() {
  const g = graphBuilder();
  const constant = (value: Tensor) => g.op("Constant", [], { value });
  const half: Tensor = {
    dtype: "float16",
    dims: [2, 3, 1, 1],
    data: Uint16Array.from([1, 2, 3, 4, 5, 6], (n) => n << 10),
  };
  const weight = g.op("Cast", [constant(half)], { to: 1 });
  const y = g.op("Conv", [g.input("x", "float32", [1, 3, 4, 4]), weight]);
  const statistics = [2, 1, 0.5, 4].map((value) => constant(float32([2], [value, value + 1])));
  const normal = g.op("BatchNormalization", [y, ...statistics]);
  const scaled = g.op("Mul", [normal, constant(float32([], [2]))]);
  const flat = g.op("Reshape", [scaled, constant(int64([2], [1, -1]))]);
  return { graph: g.finish([g.name(reduceMean(g, flat, [0, 1], false), "loss")]), weight: weight.name };
}

test("weights become initializers that other passes and training find; scalars and shapes stay", () => {
  const { graph, weight } = exported();
  const lifted = liftConstants(graph);
  expect(lifted.nodes.filter(({ op }) => op === "Constant")).toHaveLength(2);
  expect(lifted.initializers.size).toBe(graph.initializers.size + 5);

  const folded = foldBatchNorm(widenHalf(lifted));
  expect(folded.nodes.map(({ op }) => op)).not.toContain("BatchNormalization");
  expect(foldBatchNorm(widenHalf(graph)).nodes.map(({ op }) => op)).toContain("BatchNormalization");

  const wide = widenHalf(lifted);
  const [kernel] = [...wide.initializers].find(([, { dims }]) => dims.length === 4)!;
  expect(kernel).not.toBe(weight);
  expect(differentiate(wide, "loss", [kernel]).gradients[kernel]).toBeDefined();
});

test("a graph without such nodes is left alone", () => {
  const g = graphBuilder();
  const graph = g.finish([g.op("Relu", [g.parameter("w", float32([2], [1, -1]))])]);
  expect(liftConstants(graph)).toBe(graph);
});
