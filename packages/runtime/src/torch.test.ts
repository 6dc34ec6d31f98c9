import { readFile } from "node:fs/promises";
import {
  type AttributeLiteral,
  type Engine,
  float32,
  type Graph,
  type GraphNode,
  int64,
  sizeOf,
  type Tensor,
  type Tensors,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { differentiate, graphBuilder, liveBatchNorm, type OpenGraph, reduceSum } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";

// Expected values: tools/golden/torch_gradients.py and torch_more_gradients.py, PyTorch's autograd in float64.

/** A tensor by recipe or by its values. */
interface Spec {
  readonly role: "variable" | "constant";
  readonly dtype: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values?: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  readonly step?: number;
}
/** Every n-th element of a tensor. */
interface Stored {
  readonly dims: readonly number[];
  readonly every: number;
  readonly values: readonly number[];
}
interface Case {
  readonly name: string;
  readonly tensors: Readonly<Record<string, Spec>>;
  readonly opset?: number;
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly output?: string;
    /** Instead of `output` where there are several. */
    readonly outputs?: readonly string[];
    readonly attributes: Readonly<Record<string, AttributeLiteral>>;
  }[];
  readonly expected: { readonly y: Stored; readonly gradients: Readonly<Record<string, Stored>> };
}
interface LiveCase extends Omit<Case, "nodes" | "opset"> {
  readonly momentum: number;
  readonly epsilon: number;
  readonly expected: Case["expected"] & { readonly updates: Readonly<Record<string, Stored>> };
}
interface Golden {
  readonly loss: Pick<Spec, "seed" | "low" | "high">;
  readonly tolerance: { readonly relative: number; readonly engines: number };
  readonly cases: readonly Case[];
  readonly live: readonly LiveCase[];
}

const read = async (file: string): Promise<Golden> =>
  JSON.parse(await readFile(new URL(`../golden/${file}`, import.meta.url), "utf8")) as Golden;
const golden = await read("torch-gradients.json");
const cases = [...golden.cases, ...(await read("torch-more-gradients.json")).cases];

const EMPTY: Graph = {
  name: "graph",
  irVersion: 8,
  opsets: {},
  inputs: [],
  outputs: [],
  initializers: new Map(),
  nodes: [],
  metadata: {},
};

/** The recipe of tools/golden/recipe.py. */
function recipe({ dims, seed, low, high, step }: Pick<Spec, "dims" | "seed" | "low" | "high" | "step">): Tensor {
  const levels = step === undefined ? 1 : Math.round((high - low) / step) + 1;
  const value = (_: unknown, i: number): number => {
    const k = (31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521;
    return step === undefined ? low + (high - low) * (k / 65521) : low + step * (k % levels);
  };
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

function tensorOf(spec: Spec): Tensor {
  if (spec.values === undefined) return recipe(spec);
  return spec.dtype === "int64" ? int64(spec.dims, spec.values) : float32(spec.dims, spec.values);
}

/** Declares a case's tensors: variables are fed, the rest is in the graph. */
function declare(g: OpenGraph, { tensors }: Pick<Case, "tensors">): Map<string, Value> {
  const entries = Object.entries(tensors).map(([name, spec]): [string, Value] => [
    name,
    spec.role === "variable" ? g.input(name, spec.dtype, spec.dims) : g.parameter(name, tensorOf(spec)),
  ]);
  return new Map(entries);
}

/** A case's tensors to be fed. */
function feeds({ tensors }: Pick<Case, "tensors">): Tensors {
  const variables = Object.entries(tensors).filter(([, spec]) => spec.role === "variable");
  return Object.fromEntries(variables.map(([name, spec]) => [name, tensorOf(spec)]));
}

/** Adds a node with several outputs. */
function many(
  g: OpenGraph,
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Readonly<Record<string, AttributeLiteral>>,
  count: number,
): Value[] {
  const name = g.fresh(op);
  const outputs = Array.from({ length: count }, (_, i) => `${name}:${i}`);
  const ints = Object.entries(attributes).map(([key, value]) => [key, { type: "int", value }]);
  g.append({
    name,
    op,
    domain: "",
    inputs: inputs.map((input) => input?.name ?? ""),
    outputs,
    attributes: Object.fromEntries(ints) as GraphNode["attributes"],
  });
  return outputs.map((output) => g.value(output));
}

/** Σ y · w: every output counts on its own. */
function finish(g: OpenGraph, y: Value): Graph {
  const dims = y.dims as number[];
  const product = g.op("Mul", [y, g.constant(recipe({ ...golden.loss, dims }))]);
  const axes = dims.map((_, i) => i);
  const loss = g.name(axes.length === 0 ? product : reduceSum(g, product, axes, false), "loss");
  return g.finish([loss, g.name(y, "output")]);
}

/** Output and gradients by variable. */
async function run(
  engine: Engine,
  one: Pick<Case, "tensors">,
  graph: Graph,
  more: readonly Value[] = [],
): Promise<Tensors> {
  const fed = feeds(one);
  const differentiated = differentiate(graph, "loss", Object.keys(fed));
  const outputs = [...differentiated.graph.outputs, ...more];
  const program = await engine.prepare({ ...differentiated.graph, outputs });
  try {
    const results = await program.run(fed);
    const gradients = Object.entries(differentiated.gradients).map(([name, value]) => [name, results[value]!]);
    return { ...results, ...Object.fromEntries(gradients), y: results.output! };
  } finally {
    await program.release();
  }
}

/** Largest difference relative to the largest expected value. */
function difference(actual: Tensor, { dims, every, values }: Stored): number {
  expect(actual.dims).toEqual(dims);
  const numbers = toNumbers(actual);
  const scale = Math.max(...values.map(Math.abs), 1e-30);
  return worst(values.map((value, i) => Math.abs(value - numbers[i * every]!))) / scale;
}

function worst(differences: readonly number[]): number {
  return differences.reduce(
    (most, next) => (next <= most ? most : Number.isNaN(next) ? Number.POSITIVE_INFINITY : next),
    0,
  );
}

const probes = await probeEngines();
const seen = new Map<string, Map<string, Tensors>>();

describe.each(engineNames)("%s gives PyTorch's outputs and gradients", (name) => {
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
  const results = new Map<string, Tensors>();
  seen.set(name, results);

  it.each(cases)("$name", async (one) => {
    const g = graphBuilder(one.opset === undefined ? undefined : { ...EMPTY, opsets: { "": one.opset } });
    const values = declare(g, one);
    for (const { op, inputs, output, outputs, attributes } of one.nodes) {
      const read = inputs.map((input) => values.get(input));
      if (output !== undefined) values.set(output, g.op(op, read, attributes));
      else
        for (const [i, value] of many(g, op, read, attributes, outputs!.length).entries())
          values.set(outputs![i]!, value);
    }
    const found = await run(engine, one, finish(g, values.get("y")!));
    results.set(one.name, found);
    expect(difference(found.y!, one.expected.y)).toBeLessThan(golden.tolerance.relative);
    for (const [variable, gradient] of Object.entries(one.expected.gradients)) {
      expect(difference(found[variable]!, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
    }
  });

  it.each(golden.live)("$name", async (one) => {
    const g = graphBuilder();
    const values = declare(g, one);
    const inputs = ["x", "scale", "bias", "mean", "variance"].map((input) => values.get(input));
    const attributes = { momentum: { float: one.momentum }, epsilon: { float: one.epsilon } };
    const live = liveBatchNorm(finish(g, g.op("BatchNormalization", inputs, attributes)));
    const more = Object.values(live.updates).map((update) => graphBuilder(live.graph).value(update));
    const found = await run(engine, one, live.graph, more);
    results.set(one.name, found);
    expect(difference(found.y!, one.expected.y)).toBeLessThan(golden.tolerance.relative);
    for (const [variable, gradient] of Object.entries(one.expected.gradients)) {
      expect(difference(found[variable]!, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
    }
    for (const [running, value] of Object.entries(one.expected.updates)) {
      expect(difference(found[live.updates[running]!]!, value), running).toBeLessThan(golden.tolerance.relative);
    }
  });
});

describe("engines agree with one another", () => {
  const [first, ...others] = probes.filter((report) => report.available).map((report) => report.name);
  if (others.length === 0) it.skip("only one engine is available", () => undefined);
  else {
    it.each(others)(`%s and ${first}`, (name) => {
      for (const [one, expected] of seen.get(first!)!) {
        for (const [variable, { dims, data }] of Object.entries(expected)) {
          // The terms of the sum cancel: its relative error says nothing.
          if (variable === "loss") continue;
          const reference = { dims, every: 1, values: Array.from(data as Float32Array) };
          const found = seen.get(name)!.get(one)![variable]!;
          expect(difference(found, reference), `${one}: ${variable}`).toBeLessThan(golden.tolerance.engines);
        }
      }
    });
  }
});
afterAll(() => seen.clear());
