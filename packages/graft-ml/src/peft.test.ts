import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  type Adapter,
  type Engine,
  float32,
  fromBarrel,
  type Graph,
  type Head,
  int64,
  type LayerGroup,
  type PlainOptions,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { adapters } from "@graft-ml/freezing";
import { type OpenGraph, readModel, reduceMean, reduceSum } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { LOSS, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";

// Expected values: tools/golden/peft_adapters.py, PEFT's layers (and Houlsby's) in the models whose files are read here.

interface Recipe {
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}
interface Spec extends Recipe {
  readonly dtype: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values?: readonly number[];
}
interface Stored {
  readonly dims: readonly number[];
  readonly every: number;
  readonly values: readonly number[];
  readonly largest: number;
}
interface Case {
  readonly name: string;
  readonly architecture: string;
  readonly adapter: "lora" | "ia3" | "bottleneck-adapter";
  readonly options: PlainOptions;
  /** Every parameter takes the next seed. */
  readonly values: Recipe;
  /** Names and shapes of PEFT's parameters in the order of its modules. */
  readonly shapes: readonly (readonly [name: string, dims: readonly number[]])[];
  readonly parameters: number;
  readonly output: Stored;
  readonly rate: number;
  readonly losses: readonly number[];
}
interface Architecture {
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly outputs: Readonly<Record<string, Stored>>;
  readonly training: {
    readonly batch: number;
    readonly classes: number;
    readonly batches: readonly {
      readonly inputs: Readonly<Record<string, Spec>>;
      readonly labels: readonly number[];
    }[];
  };
}

const { cases, tolerance } = JSON.parse(
  readFileSync(new URL("../golden/peft-adapters.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Case[]; readonly tolerance: { readonly losses: number; readonly outputs: number } };
const FOLDER = new URL("../../runtime/golden/architectures/", import.meta.url);

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[], { seed, low, high }: Recipe): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

const tensorOf = (spec: Spec): Tensor =>
  spec.values === undefined ? recipe(spec.dims, spec) : int64(spec.dims, spec.values);
const tensorsOf = (specs: Readonly<Record<string, Spec>>): Tensors =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, tensorOf(spec)]));

/** A case's graph with its adapter, whose parameters have PEFT's values. */
function prepared({ architecture, adapter: name, options, shapes, values: range }: Case) {
  const bare = readModel(gunzipSync(readFileSync(new URL(`${architecture}.onnx.gz`, FOLDER))));
  const golden = JSON.parse(readFileSync(new URL(`${architecture}.json`, FOLDER), "utf8")) as Architecture;
  const [output] = Object.keys(golden.outputs);
  const groups: LayerGroup[] = [{ name: "all", initializers: [...bare.initializers.keys()], boundary: output! }];
  const adapter = fromBarrel<Adapter>("test", "adapter", adapters, name, options);
  const { graph, parameters } = adapter.attach(bare, groups, seededRandom(1));
  const values: Record<string, Tensor> = {};
  for (const [i, parameter] of parameters.entries()) {
    const { dims } = graph.initializers.get(parameter)!;
    const theirs = recipe(shapes[i]![1], { ...range, seed: range.seed + i });
    // PyTorch's linear layers keep their matrices transposed.
    values[parameter] = dims.length === 2 ? transposed(theirs) : float32(dims, theirs.data as Float32Array);
  }
  return { bare, golden, output: output!, groups, adapter, parameters, values, graph: withValues(graph, values) };
}

function withValues(graph: Graph, values: Tensors): Graph {
  return { ...graph, initializers: new Map([...graph.initializers, ...Object.entries(values)]) };
}

function transposed({ dims, data }: Tensor): Tensor {
  const [rows, columns] = dims as [number, number];
  const turned = Float32Array.from(data as Float32Array, (_, i) =>
    Number(data[(i % rows) * columns + Math.floor(i / rows)]),
  );
  return float32([columns, rows], turned);
}

async function outputOf(engine: Engine, graph: Graph, feeds: Tensors, output: string): Promise<number[]> {
  const program = await engine.prepare(graph);
  try {
    return Array.from(toNumbers((await program.run(feeds, [output]))[output]!));
  } finally {
    await program.release();
  }
}

/** Softmax cross-entropy on logits that the graph has already, of each sample or of each token. */
function headFor(classes: number, tokens: readonly number[]): Head<readonly number[]> {
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
      const picked = g.op("Mul", [g.op("LogSoftmax", [logits], { axis }), target]);
      const each = g.op("Neg", [reduceSum(g, picked, [axis], false)]);
      return tokens.length === 0 ? each : reduceMean(g, each, [1], false);
    },
  };
  return head as unknown as Head<readonly number[]>;
}

/** The loss of every step of plain gradient descent on the adapter alone. */
async function trained(engine: Engine, one: Case): Promise<number[]> {
  const { golden, graph, output, parameters } = prepared(one);
  const { batch, batches, classes } = golden.training;
  const each = batches[0]!.labels.length / batch;
  const head = headFor(classes, each === 1 ? [] : [each]);
  const targets = { classes: Array.from({ length: classes }, (_, k) => `${k}`) };
  const optimizer = optimizers.sgd({ momentum: 0 });
  const step = trainingStep({
    headed: { graph, outputs: { logits: output }, parameters: [] },
    head: head as Head,
    targets,
    rates: Object.fromEntries(parameters.map((name) => [name, 1])),
    normalization: "frozen",
    optimizer,
    batch,
  });
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const losses: number[] = [];
  try {
    for (let i = 0; i < one.losses.length; i++) {
      const { inputs, labels } = batches[i % batches.length]!;
      const own = Array.from({ length: batch }, (_, n) => labels.slice(n * each, (n + 1) * each));
      const fed = { inputs: tensorsOf(inputs), targets: own, rate: one.rate, step: i + 1 };
      const feeds = stepFeed({ head, targets, optimizer }, fed);
      losses.push(Number((await program.run(feeds, [LOSS]))[LOSS]!.data[0]));
    }
  } finally {
    await program.release();
  }
  return losses;
}

describe("adapters have the parameters that PEFT's have", () => {
  it.each(cases)("$name", (one) => {
    const { graph, parameters } = prepared(one);
    const sizes = parameters.map((name) => graph.initializers.get(name)!.data.length);
    expect(sizes).toEqual(one.shapes.map(([, dims]) => sizeOf(dims)));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(one.parameters);
  });
});

const probes = await probeEngines();

describe.each(engineNames)("%s computes adapters as PEFT does", (engineName) => {
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

  it.each(cases)("$name: forward, merged and unmerged", async (one) => {
    const { bare, golden, output, groups, adapter, values, graph } = prepared(one);
    const feeds = tensorsOf(golden.inputs);
    const { largest, every, values: expected } = one.output;
    const off = (found: readonly number[]): number =>
      Math.max(...expected.map((value, i) => Math.abs(value - found[i * every]!) / largest));
    expect(off(await outputOf(engine, graph, feeds, output))).toBeLessThan(tolerance.outputs);
    if (adapter.merge === undefined) return;
    const merged = withValues(bare, adapter.merge(bare, groups, values)!);
    expect(off(await outputOf(engine, merged, feeds, output))).toBeLessThan(tolerance.outputs);
    const back = withValues(merged, adapter.unmerge!(merged, groups, values));
    const [start, again] = [await outputOf(engine, bare, feeds, output), await outputOf(engine, back, feeds, output)];
    const scale = Math.max(...start.map(Math.abs));
    expect(Math.max(...start.map((value, i) => Math.abs(value - again[i]!) / scale))).toBeLessThan(tolerance.outputs);
  });

  it.each(cases)("$name: 20 steps of gradient descent", async (one) => {
    const losses = await trained(engine, one);
    const off = losses.map((loss, i) => Math.abs(loss / one.losses[i]! - 1));
    expect(off).toHaveLength(20);
    expect(Math.max(...off)).toBeLessThan(tolerance.losses);
  });
});
