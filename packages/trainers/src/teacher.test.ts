import { type Engine, float32, type Head, type Tensor, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceSum } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import type { Headed } from "./attach-head.ts";
import { inMemory, type SampleSource, subset } from "./batches.ts";
import { sgd } from "./optimizers/index.ts";
import { TEACHER_FEATURES } from "./regularizers/distill-features.ts";
import { TEACHER_LOGITS } from "./regularizers/distill-logits.ts";
import { distillFeatures, distillLogits } from "./regularizers/index.ts";
import type { Regularizer } from "./regularizers/regularizer.ts";
import { constant } from "./schedules/index.ts";
import { wild } from "./sequences.fixture.ts";
import { teacherValues, withTeacher } from "./teacher.ts";
import { train } from "./train.ts";

const [FEATURES, CLASSES, SAMPLES] = [4, 3, 24];

/** Softmax cross-entropy, but of no weight: only the teacher teaches. */
const head = {
  targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch", CLASSES] }],
  encode: (labels: readonly number[]) => ({
    target: float32([labels.length, CLASSES], new Float32Array(labels.length * CLASSES)),
  }),
  loss: ({ logits }: { logits: Value }, { target }: { target: Value }, g: OpenGraph) =>
    g.op("Neg", [reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false)]),
} as unknown as Head<number>;

/** One affine map of tanh features. */
function network(seed: number): Headed {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", FEATURES]);
  const body = g.parameter("body", float32([FEATURES, FEATURES], wild(FEATURES ** 2, seed)));
  const features = g.op("Tanh", [g.op("MatMul", [x, body])]);
  const weight = g.parameter("head.weight", float32([FEATURES, CLASSES], wild(FEATURES * CLASSES, seed + 1)));
  const logits = g.op("MatMul", [features, weight]);
  return {
    graph: g.finish([logits, features]),
    outputs: { logits: logits.name },
    features: features.name,
    parameters: ["head.weight"],
  };
}

const data: Tensor & { data: Float32Array } = {
  dtype: "float32",
  dims: [SAMPLES, FEATURES],
  data: Float32Array.from(wild(SAMPLES * FEATURES, 3)),
};
const source: SampleSource<number> = inMemory("x", data, new Array<number>(SAMPLES).fill(0));
const teacher = network(40);

describe("a teacher", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine("onnxruntime");
  });

  it.each<[string, string, string, Regularizer]>([
    ["logits", TEACHER_LOGITS, teacher.outputs.logits!, distillLogits({ temperature: 2 })],
    ["features", TEACHER_FEATURES, teacher.features!, distillFeatures()],
  ])("hands its %s on", async (_, input, output, regularizer) => {
    const values = await teacherValues(engine, teacher.graph, output, source);
    expect(values.dims[0]).toBe(SAMPLES);
    const { loss } = await train({
      engine,
      headed: network(7),
      head,
      targets: { classes: ["a", "b", "c"] },
      rates: { body: 1 },
      normalization: "frozen",
      optimizer: sgd({ momentum: 0.9 }),
      schedule: constant(),
      data: withTeacher(source, { [input]: values }),
      epochs: 150,
      batch: 8,
      rate: 0.1,
      patience: 150,
      seed: 1,
      regularizers: [regularizer],
    });
    expect(loss[0]!).toBeGreaterThan(0.01);
    expect(loss.at(-1)!).toBeLessThan(0.02 * loss[0]!);
  });

  it("gives each sample its own row, in parts of a source as well", async () => {
    const values = { ...data, data: Float32Array.from(data.data, (value) => value + 100) };
    const part = subset(withTeacher(source, { said: values }), [5, 2, 9]);
    const { x, said } = await part.feed({ indices: [2, 0] });
    expect(said!.dims).toEqual([2, FEATURES]);
    expect(Array.from(said!.data as Float32Array)).toEqual(
      Array.from(x!.data as Float32Array, (value) => Math.fround(value + 100)),
    );
  });

  it("has to speak for every sample", () => {
    expect(() => withTeacher(source, { said: { dtype: "float32", dims: [3, 1], data: new Float32Array(3) } })).toThrow(
      '[trainers/teacher] expected a row of "said" a sample; received 3 for 24',
    );
  });
});
