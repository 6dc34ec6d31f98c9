import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type Engine, float32, type Head, int64, sizeOf, type Tensor, type Tensors, type Value } from "@graft-ml/core";
import { type OpenGraph, readModel, reduceMean, reduceSum } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { adamw, sgd } from "./optimizers/index.ts";
import { stepFeed } from "./step-feed.ts";
import { LOSS, trainingStep } from "./training-step.ts";

// Expected values: tools/golden/architectures/export.py, files of PyTorch's exporter trained whole by PyTorch's own optimizers.

interface Spec {
  readonly dtype: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values?: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}
interface Run {
  readonly optimizer: { readonly name: "sgd" | "adamw"; readonly options: Readonly<Record<string, number>> };
  readonly rate: number;
  readonly losses: readonly number[];
}
interface Training {
  readonly tolerance: number;
  readonly batch: number;
  readonly classes: number;
  readonly batches: readonly {
    readonly inputs: Readonly<Record<string, Spec>>;
    readonly labels: readonly number[];
  }[];
  readonly runs: readonly Run[];
}
interface Golden {
  readonly gradients: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly training?: Training;
}

const FOLDER = new URL("../../runtime/golden/architectures/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({ file, golden: JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Golden }))
  .flatMap(({ file, golden }) =>
    (golden.training?.runs ?? []).map((run) => ({
      name: file.slice(0, -".json".length),
      optimizer: run.optimizer.name,
      golden,
      training: golden.training!,
      run,
    })),
  );

function tensorOf({ dtype, dims, values, seed, low, high }: Spec): Tensor {
  if (values !== undefined && dtype === "int64") return int64(dims, values);
  // The recipe of tools/golden/recipe.py.
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, values ?? Array.from({ length: sizeOf(dims) }, value));
}

/** Softmax cross-entropy on logits that the graph has already, of each sample or of each token. */
function headFor({ classes }: Training, tokens: readonly number[]): Head<readonly number[]> {
  const dims = [...tokens, classes];
  const head = {
    targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch", ...dims] }],
    encode: (labels: readonly (readonly number[])[]) => {
      const target = new Float32Array(labels.length * sizeOf(dims));
      for (const [place, label] of labels.flat().entries()) target[place * classes + label] = 1;
      return { target: float32([labels.length, ...dims], target) };
    },
    loss: ({ logits }: { logits: Value }, { target }: { target: Value }, g: OpenGraph) => {
      const axis = dims.length;
      const each = g.op("Neg", [
        reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis }), target]), [axis], false),
      ]);
      return tokens.length === 0 ? each : reduceMean(g, each, [1], false);
    },
  };
  return head as unknown as Head<readonly number[]>;
}

/** The loss of every step. */
async function trained(engine: Engine, { name, golden, training, run }: (typeof cases)[number]): Promise<number[]> {
  const graph = readModel(gunzipSync(readFileSync(new URL(`${name}.onnx.gz`, FOLDER))));
  const each = training.batches[0]!.labels.length / training.batch;
  const head = headFor(training, each === 1 ? [] : [each]);
  const targets = { classes: Array.from({ length: training.classes }, (_, k) => `${k}`) };
  const optimizer = { adamw, sgd }[run.optimizer.name](run.optimizer.options);
  const [logits] = Object.keys(golden.outputs);
  const step = trainingStep({
    headed: { graph, outputs: { logits: logits! }, parameters: [] },
    head: head as Head,
    targets,
    rates: Object.fromEntries(Object.keys(golden.gradients).map((variable) => [variable, 1])),
    normalization: "frozen",
    optimizer,
    batch: training.batch,
  });
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const losses: number[] = [];
  try {
    for (let i = 0; i < run.losses.length; i++) {
      const { inputs, labels } = training.batches[i % training.batches.length]!;
      const fed: Tensors = Object.fromEntries(Object.entries(inputs).map(([input, spec]) => [input, tensorOf(spec)]));
      const own = Array.from({ length: training.batch }, (_, n) => labels.slice(n * each, (n + 1) * each));
      const batch = { inputs: fed, targets: own, rate: run.rate, step: i + 1 };
      const feeds = stepFeed({ head, targets, optimizer }, batch);
      losses.push((await program.run(feeds, [LOSS]))[LOSS]!.data[0] as number);
    }
  } finally {
    await program.release();
  }
  return losses;
}

const probes = await probeEngines();

describe.each(engineNames)("%s trains whole architectures as PyTorch does", (engineName) => {
  const probe = probes.find((report) => report.name === engineName)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(engineName);
  });

  it.each(cases)("$name, $optimizer", async (one) => {
    const losses = await trained(engine, one);
    const off = losses.map((loss, i) => Math.abs(loss / one.run.losses[i]! - 1));
    expect(Math.max(...off)).toBeLessThan(one.training.tolerance);
    expect(Math.min(...losses.slice(-4))).toBeLessThan(0.9 * losses[0]!);
  });
});
