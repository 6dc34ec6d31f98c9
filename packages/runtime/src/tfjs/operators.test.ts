import {
  float32,
  type Graph,
  int64,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { writeModel } from "@graft-ml/graph";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "./available.fixture.ts";
import { elementwiseCases } from "./elementwise.cases.ts";
import { tfjsEngine } from "./engine.ts";
import { type LooseBuilder, looseBuilder } from "./loose-builder.fixture.ts";
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

/** Numbers in [-2, 2], some exactly on the whole numbers where clips and comparisons turn. */
function filled(dtype: Tensor["dtype"], dims: readonly number[], seed: string): Tensor {
  const random = seededRandom(seed);
  const numbers = Array.from({ length: sizeOf(dims) }, () => random.uniform() * 4 - 2);
  if (dtype === "bool")
    return tensor(
      "bool",
      dims,
      Uint8Array.from(numbers, (n) => (n > 0 ? 1 : 0)),
    );
  if (dtype === "int64")
    return int64(
      dims,
      numbers.map((n) => Math.round(n)),
    );
  if (dtype === "int32") return tensor("int32", dims, Int32Array.from(numbers));
  if (dtype === "uint8")
    return tensor(
      "uint8",
      dims,
      Uint8Array.from(numbers, (n) => (n + 2) * 60),
    );
  return float32(
    dims,
    numbers.map((n, i) => (i % 7 === 0 ? Math.round(n) : n)),
  );
}

/** Sends a picture through a convolution that changes nothing, so that it arrives in the kernels' own order of axes. */
function channelsLast(g: LooseBuilder, x: Value): Value {
  const channels = x.dims[1] as number;
  const one = g.constant(float32([channels, 1, 1, 1], new Array<number>(channels).fill(1)));
  return g.op("Conv", [x, one], { group: channels, kernel_shape: [1, 1] });
}

onEachBackend("operators", (backend) => {
  let engine: Awaited<ReturnType<typeof tfjsEngine>>;
  beforeAll(async () => {
    engine = await tfjsEngine({ backend });
  });

  for (const { name, inputs: specs, build, tolerance = 2e-5, opset } of [...operatorCases, ...elementwiseCases]) {
    const orders = specs.some((spec) => spec.dims.length === 4 && spec.dtype === "float32") ? [false, true] : [false];
    it.each(orders)(`${name} (channels last: %s)`, async (last) => {
      const g = looseBuilder(opset);
      const values = specs.map(({ dtype, dims }, i) => {
        const value = g.input(`x${i}`, dtype, dims);
        return last && dims.length === 4 && dtype === "float32" ? channelsLast(g, value) : value;
      });
      const outputs = [build(g, ...values)].flat();
      const graph = g.finish(outputs);
      const inputs = Object.fromEntries(
        specs.map(({ dtype, dims, positive }, i) => {
          const value = filled(dtype, dims, `${name}${i}`);
          return [
            `x${i}`,
            positive
              ? float32(
                  dims,
                  Array.from(toNumbers(value), (n) => Math.abs(n) + 0.1),
                )
              : value,
          ];
        }),
      );
      const program = await engine.prepare(graph);
      const results = await program.run(inputs);
      await program.release();
      // Declared as this engine computed them: ONNX Runtime refuses types and shapes that are not so.
      const declared = outputs.map(({ name }) => ({ name, dtype: results[name]!.dtype, dims: results[name]!.dims }));
      const expected = await judged({ ...graph, outputs: declared }, inputs);
      for (const output of outputs) {
        const [mine, theirs] = [results[output.name]!, expected[output.name]!];
        expect(mine.dtype).toBe(theirs.dtype);
        expect(mine.dims).toEqual(theirs.dims);
        expect(worst(toNumbers(mine), toNumbers(theirs))).toBeLessThan(tolerance);
      }
    });
  }
});

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) continue;
    most = Math.max(most, Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!)));
    if (Number.isNaN(most)) return Number.POSITIVE_INFINITY;
  }
  return most;
}
