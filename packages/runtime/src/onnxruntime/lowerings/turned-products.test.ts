import { float32, type Graph, seededRandom, sizeOf, type Tensor } from "@graft-ml/core";
import { backward, dropDead, graphBuilder, reduceSum, reshape } from "@graft-ml/graph";
import { describe, expect, test } from "vitest";
import { judged } from "../../layers.fixture.ts";
import { turnedProducts } from "./turned-products.ts";

const [BATCH, TOKENS, HEADS, SIZE] = [2, 5, 3, 4];
const WIDTH = HEADS * SIZE;

function draw(dims: readonly number[], seed: string): Tensor {
  const random = seededRandom(seed);
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}
const inputs: Record<string, Tensor> = Object.fromEntries(
  ["query", "key", "value"].map((name) => [name, draw([BATCH, TOKENS, WIDTH], name)]),
);

/** Attention of several heads, and the gradients by what it reads; `keyPerm` is how the file turns the keys. */
function attention(keyPerm: readonly number[] = [0, 2, 3, 1]): { forward: Graph; step: Graph } {
  const g = graphBuilder();
  const heads = (name: string, perm: readonly number[]) =>
    g.op("Transpose", [reshape(g, g.input(name, "float32", inputs[name]!.dims), [BATCH, TOKENS, HEADS, SIZE])], {
      perm,
    });
  const query = heads("query", [0, 2, 1, 3]);
  const key = heads("key", keyPerm);
  const turnedKey = keyPerm.at(-1) === 1 ? key : g.op("Transpose", [key], { perm: [0, 1, 3, 2] });
  const shares = g.op("Softmax", [g.op("Mul", [g.op("MatMul", [query, turnedKey]), g.scalar(0.5)])], { axis: -1 });
  const mixed = g.op("Transpose", [g.op("MatMul", [shares, heads("value", [0, 2, 1, 3])])], { perm: [0, 2, 1, 3] });
  const y = g.name(reshape(g, mixed, [BATCH, TOKENS, WIDTH]), "y");
  const forward = dropDead(g.finish([y]));
  const loss = reduceSum(g, g.op("Mul", [y, g.constant(draw([BATCH, TOKENS, WIDTH], "by"))]), [0, 1, 2], false);
  const gradients = backward(g, dropDead(g.finish([loss])).nodes, forward.opsets, loss, Object.keys(inputs));
  const outputs = Object.entries(gradients).map(([name, value]) => g.name(value, `d${name}`));
  return { forward, step: g.finish([y, ...outputs]) };
}

const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;

describe("products of turned operands", () => {
  test.each([
    { name: "keys turned in one go", perm: [0, 2, 3, 1] },
    { name: "keys turned in two", perm: [0, 2, 1, 3] },
  ])("each value is turned once where a step reads it both ways: $name", async ({ perm }) => {
    const { step } = attention(perm);
    const turned = turnedProducts(step);
    // Three values into heads, the mixed one back and its gradient into heads, three gradients back.
    expect(count(turned, "Transpose")).toBe(8);
    expect(count(turned, "MatMul") + count(turned, "FusedMatMul")).toBe(6);
    const [expected, received] = [await judged(step, inputs), await judged(turned, inputs)];
    for (const [name, { data }] of Object.entries(expected)) {
      for (const [i, value] of (data as Float32Array).entries()) expect(received[name]!.data[i]).toBeCloseTo(value, 5);
    }
  });

  test("a forward pass stays as it is", () => {
    const { forward } = attention();
    expect(turnedProducts(forward)).toBe(forward);
  });

  test("products of other numbers than float32 stay as they are", () => {
    const g = graphBuilder();
    const x = g.input("x", "float64", [2, 3, 4]);
    const turned = g.op("Transpose", [x], { perm: [1, 0, 2] });
    const columns = g.op("Transpose", [x], { perm: [1, 2, 0] });
    const y = g.op("MatMul", [turned, columns]);
    expect(count(turnedProducts(g.finish([y])), "MatMul")).toBe(1);
  });
});
