import { readFile } from "node:fs/promises";
import { float32, sizeOf, type Tensors, type Value } from "@graft-ml/core";
import { differentiate, graphBuilder, reduceSum, writeModel } from "@graft-ml/graph";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { linear, mlp } from "./index.ts";

// Expected values: tools/golden/head_losses.py, PyTorch's cross-entropy with label smoothing and class weights.

interface Golden {
  readonly tolerance: number;
  readonly logits: { readonly dims: readonly [number, number]; readonly seed: number; low: number; high: number };
  readonly labels: readonly number[];
  readonly cases: readonly {
    readonly smoothing: number;
    readonly weights: readonly number[] | null;
    readonly loss: number;
    readonly gradient: readonly number[];
  }[];
}

const golden = JSON.parse(await readFile(new URL("../golden/losses.json", import.meta.url), "utf8")) as Golden;
const { dims, seed, low, high } = golden.logits;
const [batch, classes] = dims;
const names = Array.from({ length: classes }, (_, k) => `class ${k}`);

// The recipe of tools/golden/recipe.py.
const logits = float32(
  dims,
  Array.from(
    { length: sizeOf(dims) },
    (_, i) => low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521),
  ),
);

describe.each([
  ["linear", linear],
  ["mlp", mlp],
])("%s", (_, make) => {
  it.each(golden.cases)("smoothing $smoothing, weights $weights: PyTorch's loss and gradient", async (one) => {
    const head = make({ smoothing: one.smoothing });
    const spec = { classes: names, ...(one.weights && { weights: one.weights }) };
    const g = graphBuilder();
    const outputs = { logits: g.input("logits", "float32", dims) };
    const targets = { target: g.input("target", "float32", dims) };
    const losses = head.loss(outputs, targets, g, spec);
    const weights = head.weigh!(targets, g, spec) ?? g.constant(float32([batch], new Array<number>(batch).fill(1)));
    const sum = (value: Value): Value => reduceSum(g, value, [0], false);
    const loss = g.name(g.op("Div", [sum(g.op("Mul", [losses, weights])), sum(weights)]), "loss");
    const { graph, gradients } = differentiate(g.finish([loss]), "loss", ["logits"]);
    // The gradient of a softmax is made of standard operators.
    const session = await ort.InferenceSession.create(writeModel(graph));
    const fed: Tensors = { logits, ...head.encode(golden.labels as number[], spec) };
    const feeds = Object.entries(fed).map(([name, { data, dims }]) => [
      name,
      new ort.Tensor("float32", data as Float32Array, dims),
    ]);
    const found = await session.run(Object.fromEntries(feeds));
    await session.release();
    expect(Math.abs(Number(found.loss!.data[0]) - one.loss)).toBeLessThan(golden.tolerance);
    const gradient = found[gradients.logits!]!.data as Float32Array;
    for (const [i, value] of one.gradient.entries()) {
      expect(Math.abs(gradient[i]! - value)).toBeLessThan(golden.tolerance);
    }
  });

  it("checks class weights", () => {
    const check = (weights: readonly number[]) => (): void =>
      make().check({ dims: [8] }, { classes: ["cat", "dog"], weights });
    expect(check([1, 2])).not.toThrow();
    expect(check([1])).toThrow("expected one weight a class; received 1 for 2 classes");
    expect(check([1, 0])).toThrow('expected the weight of class "dog" to be above 0; received 0');
  });
});

it("is solved in closed form only without smoothing", () => {
  expect(linear().closedForm).toBe("multinomial");
  expect(linear({ smoothing: 0.1 }).closedForm).toBeUndefined();
});
