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

  test("a broadcast with a size that nothing says keeps the other's name", () => {
    const g = graphBuilder();
    const rows = g.input("rows", "float32", ["batch", "tokens", 4]);
    const cut = g.op("Slice", [
      g.constant(float32([1, 8, 4], new Float32Array(32))),
      g.ints([0]),
      g.input("end", "int64", [1]),
      g.ints([1]),
    ]);
    expect(cut.dims).toEqual([1, expect.stringContaining("?"), 4]);
    expect(g.op("Add", [cut, rows]).dims).toEqual(["batch", "tokens", 4]);
    expect(g.op("Add", [rows, cut]).dims).toEqual(["batch", "tokens", 4]);
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

describe("shapes of operators with several ways to say them", () => {
  test("a slice whose bounds are computed leaves its own axes open", () => {
    const g = graphBuilder();
    const [x, end] = [g.input("x", "float32", [2, 9, 3]), g.input("end", "int64", [1])];
    const dims = g.op("Slice", [x, g.ints([0]), end, g.ints([1])]).dims;
    expect([dims[0], typeof dims[1], dims[2]]).toEqual([2, "string", 3]);
  });

  test("a vector in a product has no axis of its own in the result", () => {
    const g = graphBuilder();
    const [v, m] = [g.input("v", "float32", [4]), g.input("m", "float32", [2, 4, 5])];
    expect(g.op("MatMul", [v, m]).dims).toEqual([2, 5]);
    expect(g.op("MatMul", [v, v]).dims).toEqual([]);
  });

  test.each([
    ["ij,jk->ik", [2, 5], 'in "ij,jk->ik" the axis "j" is 3 and 2'],
    ["ii,jk->ik", [3, 5], "repeats a letter in one term, which is not supported"],
    ["ij->ik", [3, 5], "has 1 terms for 2 inputs"],
    ["ij,jk->iz", [3, 5], 'asks for "z", which no input has'],
    ["ijl,jk->ik", [3, 5], "does not fit input 0 of rank 2"],
  ])("an equation that is refused: %s", (equation, other, message) => {
    const g = graphBuilder();
    const [a, b] = [g.input("a", "float32", [2, 3]), g.input("b", "float32", other)];
    expect(() => g.op("Einsum", [a, b], { equation })).toThrow(message);
  });

  test("a few bytes do not ask for gigabytes, and no shape is negative", () => {
    const g = graphBuilder();
    const huge = g.op("ConstantOfShape", [g.ints([2 ** 31, 2 ** 10])]);
    expect(g.constantOf(huge.name)).toBeUndefined();
    expect(() => g.op("ConstantOfShape", [g.ints([2 ** 31, 2 ** 31])])).toThrow(
      '[graph] node "ConstantOfShape.1" (ConstantOfShape) makes the shape [2147483648, 2147483648], which no value can have',
    );
    expect(() => g.op("Reshape", [g.input("x", "float32", [1]), g.input("wide", "int64", [2 ** 40])])).toThrow(
      '[graph] node "Reshape" (Reshape) makes 1099511627776 dimensions; at most 64 are supported',
    );
    expect(g.constantOf(g.op("Tile", [g.ints([1, 2]), g.ints([2 ** 30])]).name)).toBeUndefined();
    const ends = [0, 2 ** 40, 1].map((end) => g.constant(int64([], [end])));
    expect(g.constantOf(g.op("Range", ends).name)).toBeUndefined();
    expect(() => g.op("ConstantOfShape", [g.ints([-2])])).toThrow(
      '[graph] node "ConstantOfShape.2" (ConstantOfShape) makes the shape [-2], which is negative',
    );
  });

  test("indices and parts that do not fit name the node", () => {
    const g = graphBuilder();
    expect(() => g.op("Gather", [g.ints([1, 2]), g.ints([2])])).toThrow(
      '[graph] node "Gather" (Gather): index 2 is outside an axis of 2',
    );
    const x = g.input("x", "float32", [5]);
    expect(() => g.op("Split", [x, g.ints([2, 2])])).toThrow(
      '[graph] node "Split" (Split) cannot cut an axis of 5 into 2, 2',
    );
  });
});

describe("shape arithmetic is folded exactly", () => {
  test("an exporter's way to expand to the shape of another value leaves one Expand", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 1, 4]);
    const wanted = g.op("Concat", [g.ints([-1, 3]), g.op("Shape", [x], { start: 2 })], { axis: 0 });
    const ones = g.op("ConstantOfShape", [g.op("Shape", [wanted])], { value: int64([1], [1]) });
    const kept = g.op("Equal", [wanted, g.op("Mul", [ones, g.ints([-1])])]);
    const y = g.op("Expand", [x, g.op("Where", [kept, ones, wanted])]);
    const folded = foldShapes(g.finish([y]), { batch: 5 });
    expect(folded.nodes.map((node) => node.op)).toEqual(["Expand"]);
    expect(folded.outputs[0]?.dims).toEqual([5, 3, 4]);
  });

  test("a size halved as a float and rounded down", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [5, 7]);
    const width = g.op("Cast", [g.op("Gather", [g.op("Shape", [x]), g.constant(int64([], [1]))])], { to: 1 });
    const half = g.op("Cast", [g.op("Floor", [g.op("Div", [width, g.scalar(2)])])], { to: 7 });
    const positions = g.op("Range", [g.constant(int64([], [0])), half, g.constant(int64([], [1]))]);
    expect(g.constantOf(positions.name)).toEqual(int64([3], [0, 1, 2]));
  });

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
