import { readFile } from "node:fs/promises";
import { type Engine, float32, type Head, sizeOf, type Tensor, type Tensors, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceSum, reshape } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import type { Headed } from "./attach-head.ts";
import { adamw, sgd } from "./optimizers/index.ts";
import { constant, oneCycle } from "./schedules/index.ts";
import { stepFeed } from "./step-feed.ts";
import { LOSS, trainedValues, trainingStep } from "./training-step.ts";

// Expected values: tools/golden/torch_training.py, a small network trained by PyTorch's own optimizers.

interface Run {
  readonly name: string;
  readonly optimizer: { readonly name: "sgd" | "adamw"; readonly options: Readonly<Record<string, number | boolean>> };
  readonly rate: number;
  readonly normalization: "frozen" | "live";
  /** Whether scale and bias of batch normalisation train. */
  readonly affine: boolean;
  readonly clipNorm?: number;
  readonly ema?: number;
  readonly schedule?: "oneCycle";
  /** Multiples of the base rate by prefix of the name. */
  readonly rates?: Readonly<Record<string, number>>;
  readonly losses: readonly number[];
  readonly final: Readonly<Record<string, readonly number[]>>;
}
interface Golden {
  readonly tolerance: { readonly loss: number; readonly final: number };
  readonly shape: Readonly<
    Record<"batch" | "batches" | "classes" | "size" | "channels" | "epsilon" | "momentum", number>
  >;
  readonly weights: Readonly<
    Record<string, { readonly dims: readonly number[]; readonly low: number; readonly high: number }>
  >;
  readonly pictures: { readonly seed: number; readonly low: number; readonly high: number };
  readonly runs: readonly Run[];
}

const golden = JSON.parse(await readFile(new URL("../golden/torch-training.json", import.meta.url), "utf8")) as Golden;
const { shape } = golden;

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[], seed: number, low: number, high: number): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

/** Softmax cross-entropy on logits that the graph has already. */
const head = {
  targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch", shape.classes] }],
  encode: (labels: readonly number[]) => {
    const target = new Float32Array(labels.length * shape.classes);
    for (const [n, label] of labels.entries()) target[n * shape.classes + label] = 1;
    return { target: float32([labels.length, shape.classes], target) };
  },
  loss: ({ logits }: { logits: Value }, { target }: { target: Value }, g: OpenGraph) =>
    g.op("Neg", [reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false)]),
} as unknown as Head<number>;

/** The network of the script. */
function network(): Headed {
  const { channels, size, epsilon, momentum } = shape;
  const g = graphBuilder();
  const weights = Object.entries(golden.weights).map(([name, { dims, low, high }], i): [string, Value] => [
    name,
    g.parameter(name, recipe(dims, i + 1, low, high)),
  ]);
  const of = new Map(weights);
  const normalized = (x: Value, name: string): Value => {
    const inputs = ["scale", "bias", "mean", "variance"].map((part) => of.get(`${name}.${part}`));
    return g.op("BatchNormalization", [x, ...inputs], { epsilon: { float: epsilon }, momentum: { float: momentum } });
  };
  const relu6 = (x: Value): Value => g.op("Clip", [x, g.scalar(0), g.scalar(6)]);
  let x = g.input("image", "float32", ["batch", 3, size, size]);
  x = g.op("Conv", [x, of.get("stem.conv.weight")], { strides: [2, 2], pads: [0, 0, 1, 1] });
  x = relu6(normalized(x, "stem.norm"));
  const stem = x;
  x = g.op("Conv", [x, of.get("block.depthwise.weight")], { group: channels, pads: [1, 1, 1, 1] });
  x = relu6(normalized(x, "block.depthwise_norm"));
  x = normalized(g.op("Conv", [x, of.get("block.pointwise.weight")]), "block.pointwise_norm");
  x = reshape(g, g.op("GlobalAveragePool", [g.op("Add", [x, stem])]), [-1, channels]);
  const logits = g.op("Gemm", [x, of.get("head.weight"), of.get("head.bias")]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, parameters: ["head.weight", "head.bias"] };
}

function batchOf(step: number): { readonly inputs: Tensors; readonly targets: readonly number[] } {
  const { batch, batches, classes, size } = shape;
  const k = step % batches;
  const { seed, low, high } = golden.pictures;
  return {
    inputs: { image: recipe([batch, 3, size, size], seed + k, low, high) },
    targets: Array.from({ length: batch }, (_, n) => (n + Math.floor(n / 3) + k) % classes),
  };
}

/** Trains as the run says; every step's loss, and the final values. */
async function trained(engine: Engine, run: Run): Promise<{ losses: number[]; final: Tensors }> {
  const kind = run.affine ? /weight$|scale$|bias$/ : /weight$/;
  const names = Object.keys(golden.weights).filter((name) => kind.test(name) && !name.startsWith("head."));
  const rates = names.map((name) => {
    const [, rate = 1] = Object.entries(run.rates ?? {}).find(([prefix]) => name.startsWith(prefix)) ?? [];
    return [name, rate];
  });
  const optimizer = { adamw, sgd }[run.optimizer.name](run.optimizer.options);
  const { clipNorm, ema, normalization } = run;
  const targets = { classes: Array.from({ length: shape.classes }, (_, k) => `${k}`) };
  const spec = { head, targets, optimizer, ...(ema !== undefined && { ema }) };
  const step = trainingStep({
    headed: network(),
    head,
    targets,
    rates: Object.fromEntries(rates),
    normalization,
    optimizer,
    batch: shape.batch,
    ...(clipNorm !== undefined && { clipNorm }),
    ...(ema !== undefined && { ema }),
  });
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const schedule = run.schedule === undefined ? constant() : oneCycle();
  const losses: number[] = [];
  try {
    for (let i = 0; i < run.losses.length; i++) {
      const rate = run.rate * schedule.multiple(i, run.losses.length);
      const results = await program.run(stepFeed(spec, { ...batchOf(i), rate, step: i + 1 }), [LOSS]);
      losses.push(results[LOSS]!.data[0] as number);
    }
    return { losses, final: trainedValues(step, await program.state()) };
  } finally {
    await program.release();
  }
}

const probes = await probeEngines();

describe.each(engineNames)("%s trains as PyTorch does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it.each(golden.runs)("$name", async (run) => {
    const { losses, final } = await trained(engine, run);
    const off = losses.map((loss, i) => Math.abs(loss / run.losses[i]! - 1));
    expect(Math.max(...off)).toBeLessThan(golden.tolerance.loss);
    expect(run.losses.at(-1)!).toBeLessThan(run.losses[0]!);
    for (const [variable, values] of Object.entries(run.final)) {
      const scale = Math.max(...values.map(Math.abs));
      const differences = values.map((value, i) => Math.abs(value - (final[variable]!.data[i] as number)) / scale);
      expect(Math.max(...differences), variable).toBeLessThan(golden.tolerance.final);
    }
  });
});
