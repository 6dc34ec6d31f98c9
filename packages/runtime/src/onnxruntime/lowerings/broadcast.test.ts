import { GRAFT_DOMAIN, graphBuilder } from "@graft-ml/graph";
import { expect, test } from "vitest";
import { lowerPrimitives } from "./index.ts";

test("a scalar that meets trailing axes of size 1 gets their rank; others stay", () => {
  const g = graphBuilder();
  const kernel = g.input("kernel", "float32", [8, 4, 1, 1]);
  const matrix = g.input("matrix", "float32", [8, 4]);
  const rate = g.input("rate", "float32", []);
  // Graphs without a gradient primitive are left alone.
  const gated = g.op("ClipGrad", [matrix, matrix], { min: { float: 0 }, max: { float: 6 } }, GRAFT_DOMAIN);
  const outputs = [g.op("Mul", [kernel, rate]), g.op("Add", [rate, kernel]), g.op("Mul", [gated, rate])];
  const lowered = lowerPrimitives(g.finish(outputs));
  const shapes = new Map(lowered.nodes.filter((node) => node.op === "Reshape").map((node) => [node.outputs[0], node]));
  const [mul, add, plain] = lowered.nodes
    .filter((node) => node.inputs.length === 2 && !shapes.has(node.outputs[0]))
    .filter(
      (node) => ["Mul", "Add"].includes(node.op) && node.inputs.some((name) => name === "rate" || shapes.has(name)),
    );
  expect(shapes.get(mul!.inputs[1]!)?.inputs[0]).toBe("rate");
  expect(shapes.get(add!.inputs[0]!)?.inputs[0]).toBe("rate");
  expect(plain!.inputs[1]).toBe("rate");
  expect(lowered.outputs.map((output) => output.dims)).toEqual([
    [8, 4, 1, 1],
    [8, 4, 1, 1],
    [8, 4],
  ]);
});
