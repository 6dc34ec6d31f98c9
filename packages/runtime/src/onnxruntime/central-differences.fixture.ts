import { type Engine, float32, seededRandom, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import { differentiate, emptyGraph, graphBuilder, type OpenGraph, reduceSum } from "@graft-ml/graph";
import { expect } from "vitest";

const random = seededRandom(7);

/** Uniform values. */
export const draw = (dims: readonly number[], low: number = -1, high: number = 1): Tensor =>
  float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => low + (high - low) * random.uniform()),
  );

/** Values on a grid whose distance to the usual kinks is more than the step of the differences. */
export const gridded = (dims: readonly number[], offset: number = 0): Tensor =>
  float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => (random.integer(16) - 8) / 8 + 1 / 16 + offset),
  );

/** One graph whose gradients are compared: its inputs, and the nodes on them. */
export interface GradientCase {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** Operator set of the graph. Default: the builder's. */
  readonly opset?: number;
  build(g: OpenGraph, ...values: Value[]): Value;
}

const STEP = 1 / 256;

/** Compares the gradient by every input with central differences of the same program. */
export async function expectCentralDifferences(engine: Engine, { inputs, build, opset }: GradientCase): Promise<void> {
  const g = graphBuilder(emptyGraph(opset));
  const values = inputs.map((input, i) => g.input(`x${i}`, "float32", input.dims));
  const y = build(g, ...values);
  // A random weighting makes the loss sensitive to every output on its own.
  const dims = y.dims as number[];
  const product = g.op("Mul", [y, g.constant(draw(dims, 0.5, 1.5))]);
  const axes = dims.map((_, i) => i);
  const loss = g.name(axes.length === 0 ? product : reduceSum(g, product, axes, false), "loss");
  const names = values.map((value) => value.name);
  const { graph, gradients } = differentiate(g.finish([loss]), "loss", names);
  const program = await engine.prepare(graph);
  try {
    const feed = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
    const found = await program.run(feed);
    for (const [i, input] of inputs.entries()) {
      const analytic = found[gradients[`x${i}`]!]!.data as Float32Array;
      for (let k = 0; k < input.data.length; k++) {
        const at = async (delta: number): Promise<number> => {
          const moved = Float32Array.from(input.data as Float32Array);
          moved[k] = moved[k]! + delta;
          const { loss } = await program.run({ ...feed, [`x${i}`]: float32(input.dims, moved) }, ["loss"]);
          return loss!.data[0] as number;
        };
        const numeric = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP);
        expect(
          Math.abs(analytic[k]! - numeric),
          `input ${i}, element ${k}: ${analytic[k]} against ${numeric}`,
        ).toBeLessThan(2e-2 * Math.max(1, Math.abs(numeric)));
      }
    }
  } finally {
    await program.release();
  }
}
