import { float32, int64 } from "@graft-ml/core";
import { describe, expect, test } from "vitest";
import { graphBuilder } from "./builder.ts";
import { inferShapes } from "./inference.ts";
import { foldShapes } from "./passes/fold-shapes.ts";
import { tinyNetwork } from "./tiny.fixture.ts";

describe("shapes", () => {
  test("named dimensions stay until they are bound", () => {
    const graph = tinyNetwork();
    expect(inferShapes(graph).values.get("logits")?.dims).toEqual(["batch", 3]);
    expect(inferShapes(graph, { batch: 5 }).values.get("logits")?.dims).toEqual([5, 3]);
  });

  test.each([
    ["Reshape with 0 and -1", [2, 3, 4], [0, -1], [2, 12]],
    ["Reshape to more dimensions", [6, 4], [2, 3, 4], [2, 3, 4]],
  ])("%s", (_, from, to, expected) => {
    const g = graphBuilder();
    expect(g.op("Reshape", [g.input("x", "float32", from), g.ints(to)]).dims).toEqual(expected);
  });

  test("a reshape that keeps the batch's name", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 3, 4]);
    expect(g.op("Reshape", [x, g.ints([-1, 12])]).dims).toEqual(["batch", 12]);
    expect(g.op("Reshape", [x, g.ints([0, -1])]).dims).toEqual(["batch", 12]);
  });

  test("an impossible reshape names the node", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3]);
    expect(() => g.op("Reshape", [x, g.ints([4, 2])])).toThrow(
      '[graph] node "Reshape" (Reshape) cannot give [2, 3] the shape [4, 2]',
    );
  });

  test("a broadcast that does not fit", () => {
    const g = graphBuilder();
    const [a, b] = [g.input("a", "float32", [2, 3]), g.input("b", "float32", [2])];
    expect(() => g.op("Add", [a, b])).toThrow('[graph] node "Add" (Add) cannot broadcast [2, 3] with [2]');
  });

  test("a convolution whose channels do not fit", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 3, 8, 8]);
    const w = g.constant(float32([4, 2, 3, 3], new Float32Array(72)));
    expect(() => g.op("Conv", [x, w])).toThrow(
      '[graph] node "Conv" (Conv): 3 channels do not fit a kernel of [4, 2, 3, 3] in 1 groups',
    );
  });

  test("auto_pad SAME_UPPER and SAME_LOWER", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [1, 1, 7, 8]);
    const w = g.constant(float32([1, 1, 3, 3], new Float32Array(9)));
    for (const mode of ["SAME_UPPER", "SAME_LOWER"]) {
      expect(g.op("Conv", [x, w], { auto_pad: mode, strides: [2, 2] }).dims).toEqual([1, 1, 4, 4]);
    }
  });
});

describe("shape arithmetic is folded exactly", () => {
  test("Shape, Gather, Mul, Concat and Reshape leave one Reshape", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 3, 4]);
    const shape = g.op("Shape", [x]);
    const at = (index: number) => g.op("Gather", [shape, g.constant(int64([1], [index]))], { axis: 0 });
    const rows = g.op("Mul", [at(0), at(1)]);
    const y = g.op("Reshape", [x, g.op("Concat", [rows, at(2)], { axis: 0 })]);
    const graph = g.finish([y]);
    const folded = foldShapes(graph, { batch: 5 });
    expect(folded.nodes.map((node) => node.op)).toEqual(["Reshape"]);
    expect(folded.outputs[0]?.dims).toEqual([15, 4]);
  });

  test("integers beyond 2^53 keep every digit", () => {
    const g = graphBuilder();
    const big = g.constant({ dtype: "int64", dims: [1], data: BigInt64Array.of(2n ** 60n + 1n) });
    const sum = g.op("Add", [big, g.ints([1])]);
    expect(g.constantOf(sum.name)?.data).toEqual(BigInt64Array.of(2n ** 60n + 2n));
  });

  test("integer division rounds towards zero, and dividing by zero is left to the engine", () => {
    const g = graphBuilder();
    expect(g.constantOf(g.op("Div", [g.ints([-7]), g.ints([2])]).name)?.data).toEqual(BigInt64Array.of(-3n));
    expect(g.constantOf(g.op("Div", [g.ints([-7]), g.ints([0])]).name)).toBeUndefined();
  });
});
