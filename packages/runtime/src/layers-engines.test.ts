import { float32, tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { add, builder, difference, filled, judged } from "./layers.fixture.ts";

const random = (...dims: number[]) => filled({ dtype: "float32", dims }, `random ${dims}`);

/** Layers on a batch that has a name only: resized, padded, and read row by row by an LSTM. */
function named() {
  const g = builder(18);
  const x = g.input("x", "float32", ["batch", 2, 3, 4]);
  const wide = add(g, "Resize", [x, undefined, g.constant(float32([4], [1, 1, 2, 1.5]))], { mode: "linear" })[0]!;
  const framed = add(
    g,
    "Pad",
    [wide, g.constant(tensor("int64", [8], BigInt64Array.of(0n, 0n, 1n, 1n, 0n, 0n, 0n, 2n)))],
    {
      mode: "reflect",
    },
  )[0]!;
  const rows = g.op("Transpose", [g.op("ReduceMean", [framed, g.ints([1])], { keepdims: 0 })], { perm: [1, 0, 2] });
  const [, h] = add(g, "LSTM", [rows, g.constant(random(1, 12, 9)), g.constant(random(1, 12, 3))], { hidden_size: 3 }, [
    "y",
    "h",
  ]);
  return { graph: g.finish([h!]), name: h!.name };
}

/** An LSTM with something that is left to ONNX Runtime. */
function native(build: (g: OpenGraph, inputs: Value[]) => Value) {
  const g = builder(18);
  const inputs = [g.input("x", "float32", [4, 2, 3]), g.constant(random(1, 8, 3)), g.constant(random(1, 8, 2))];
  const y = build(g, inputs);
  return { graph: g.finish([y]), name: y.name };
}

const probes = await probeEngines();

describe.each(engineNames)("layers on %s", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`are not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Awaited<ReturnType<typeof openEngine>>;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it("take batches of any size, one after the other", async () => {
    const { graph, name } = named();
    const program = await engine.prepare(graph);
    for (const batch of [2, 5, 1, 2]) {
      const x = float32([batch, 2, 3, 4], random(batch, 2, 3, 4).data as Float32Array);
      const [mine, theirs] = [await program.run({ x }), await judged(graph, { x })];
      expect(mine[name]!.dims).toEqual([1, batch, 3]);
      expect(difference(mine[name]!, theirs[name]!)).toBeLessThan(1e-5);
    }
    await program.release();
  });

  it.skipIf(name === "onnxruntime")("leave no tensors behind", async () => {
    const tf = await import("@tensorflow/tfjs-core");
    const { graph } = named();
    const x = random(2, 2, 3, 4);
    const before = tf.memory().numTensors;
    const program = await engine.prepare(graph);
    await program.run({ x });
    const between = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) await program.run({ x });
    expect(tf.memory().numTensors).toBe(between);
    await program.release();
    expect(tf.memory().numTensors).toBe(before);
  });

  const lengths = (g: OpenGraph): Value => g.constant(tensor("int32", [2], Int32Array.of(4, 2)));
  it.each([
    [
      "sequence_lens",
      native((g, inputs) => add(g, "LSTM", [...inputs, undefined, lengths(g)], { hidden_size: 2 })[0]!),
    ],
    ["clip", native((g, inputs) => add(g, "LSTM", inputs, { hidden_size: 2, clip: { float: 0.1 } })[0]!)],
    ["input_forget", native((g, inputs) => add(g, "LSTM", inputs, { hidden_size: 2, input_forget: 1 })[0]!)],
  ])("run an LSTM with %s, or refuse it by name", async (what, { graph, name: output }) => {
    const x = random(4, 2, 3);
    const program = await engine.prepare(graph);
    if (name === "onnxruntime") {
      expect(difference((await program.run({ x }))[output]!, (await judged(graph, { x }))[output]!)).toBeLessThan(1e-6);
    } else {
      await expect(program.run({ x })).rejects.toThrow(new RegExp(`\\(LSTM\\): .*${what}`));
    }
    await program.release();
  });

  it("resize integers to their nearest neighbours, and otherwise on onnxruntime alone", async () => {
    const resized = (mode: string) => {
      const g = builder(18);
      const scales = g.constant(float32([4], [1, 1, 1, 2]));
      const y = add(g, "Resize", [g.input("x", "int32", [1, 1, 1, 3]), undefined, scales], {
        mode,
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      })[0]!;
      return { graph: g.finish([y]), y: y.name };
    };
    const x = tensor("int32", [1, 1, 1, 3], Int32Array.of(4, -6, 100));
    const nearest = resized("nearest");
    const program = await engine.prepare(nearest.graph);
    expect((await program.run({ x }))[nearest.y]!.data).toEqual(Int32Array.of(4, 4, -6, -6, 100, 100));
    await program.release();
    if (name === "onnxruntime") return;
    const linear = await engine.prepare(resized("linear").graph);
    await expect(linear.run({ x })).rejects.toThrow("mode linear of int32 runs on onnxruntime only");
    await linear.release();
  });

  it("give halves of quantised numbers to the even neighbour", async () => {
    const g = builder(13);
    const y = add(g, "QuantizeLinear", [g.input("x", "float32", [5]), g.scalar(1)])[0]!;
    const program = await engine.prepare(g.finish([y]));
    const { [y.name]: found } = await program.run({ x: float32([5], [0.5, 1.5, 2.5, -0.5, 254.5]) });
    expect(found).toEqual(tensor("uint8", [5], Uint8Array.of(0, 2, 2, 0, 254)));
    await program.release();
  });

  it.skipIf(name === "onnxruntime")("compute in no numbers of 8 bits but through quantised operators", async () => {
    const g = builder(13);
    const steps = add(g, "QuantizeLinear", [g.input("x", "float32", [5]), g.scalar(1)])[0]!;
    const y = g.op("Max", [steps, steps]);
    await expect(engine.prepare(g.finish([y]))).rejects.toThrow("computes in uint8");
  });
});
