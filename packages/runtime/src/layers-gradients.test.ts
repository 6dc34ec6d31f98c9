import { readFile } from "node:fs/promises";
import { float32, type Graph, int64, sizeOf, type Tensor, tensor, toNumbers, type Value } from "@graft-ml/core";
import { differentiate, fuse, graphBuilder, mergeDuplicates, reduceSum, unrollRecurrent } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { add, builder, type LayerAttributes } from "./layers.fixture.ts";

// Expected values: tools/golden/torch_more_layers.py, PyTorch's autograd in float64.

interface Spec {
  readonly role: "variable" | "constant";
  readonly dtype: "float32" | "int64" | "int32" | "int8" | "bool";
  readonly dims: readonly number[];
  readonly values?: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
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
  readonly nodes: readonly {
    readonly op: string;
    readonly domain?: string;
    readonly inputs: readonly string[];
    readonly output?: string;
    readonly outputs?: readonly string[];
    readonly attributes: LayerAttributes;
  }[];
  readonly expected: { readonly y: Stored; readonly gradients: Readonly<Record<string, Stored>> };
}
interface Golden {
  readonly loss: Pick<Spec, "seed" | "low" | "high">;
  readonly opset: number;
  readonly tolerance: { readonly relative: number };
  readonly cases: readonly Case[];
}

const file = new URL("../golden/torch-layers-gradients.json", import.meta.url);
const golden = JSON.parse(await readFile(file, "utf8")) as Golden;

/** The recipe of tools/golden/recipe.py. */
function recipe({ dims, seed, low, high }: Pick<Spec, "dims" | "seed" | "low" | "high">): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

function tensorOf(spec: Spec): Tensor {
  if (spec.values === undefined) return recipe(spec);
  if (spec.dtype === "int8") return tensor("int8", spec.dims, Int8Array.from(spec.values));
  if (spec.dtype === "int32") return tensor("int32", spec.dims, Int32Array.from(spec.values));
  if (spec.dtype === "bool") return tensor("bool", spec.dims, Uint8Array.from(spec.values));
  return spec.dtype === "int64" ? int64(spec.dims, spec.values) : float32(spec.dims, spec.values);
}

/** Largest difference relative to the largest expected value. */
function difference(actual: Tensor, { dims, every, values }: Stored): number {
  expect(actual.dims).toEqual(dims);
  const numbers = toNumbers(actual);
  const deltas = values.map((value, i) => Math.abs(value - numbers[i * every]!));
  expect(deltas.some(Number.isNaN)).toBe(false);
  return Math.max(...deltas) / Math.max(...values.map(Math.abs), 1e-30);
}

/** A case as a graph with its loss, Σ y · w. */
function graphOf({ tensors, nodes }: Case) {
  const g = builder(golden.opset);
  const values = new Map<string, Value>();
  const feeds: Record<string, Tensor> = {};
  for (const [name, spec] of Object.entries(tensors)) {
    const value = tensorOf(spec);
    if (spec.role === "variable") feeds[name] = value;
    values.set(name, spec.role === "variable" ? g.input(name, spec.dtype, spec.dims) : g.parameter(name, value));
  }
  for (const { op, domain, inputs, output, outputs = [output!], attributes } of nodes) {
    const names = outputs.map((name) => (name === "_" ? "" : name));
    const made = add(
      g,
      op,
      inputs.map((name) => values.get(name)),
      attributes,
      names.map((name) => (name === "" ? "" : `${name} `)),
      domain,
    );
    for (const [i, name] of names.filter((name) => name !== "").entries()) values.set(name, made[i]!);
  }
  const y = values.get("y")!;
  const dims = y.dims as number[];
  const product = g.op("Mul", [y, g.constant(recipe({ ...golden.loss, dims }))]);
  const loss = reduceSum(
    g,
    product,
    dims.map((_, i) => i),
    false,
  );
  return { graph: g.finish([loss, y]), loss: loss.name, y: y.name, feeds };
}

const probes = await probeEngines();
const named = (all: readonly Case[]): [string, Case][] => all.map((one) => [one.name, one]);

describe.each(engineNames)("%s gives PyTorch's outputs and gradients", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Awaited<ReturnType<typeof openEngine>>;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  const check = async (
    { expected }: Case,
    { graph, loss, y, feeds }: ReturnType<typeof graphOf>,
    pass: (graph: Graph) => Graph = (whole) => whole,
  ): Promise<void> => {
    const whole = differentiate(graph, loss, Object.keys(feeds));
    const program = await engine.prepare(pass(whole.graph));
    try {
      const found = await program.run(feeds);
      expect(difference(found[y]!, expected.y)).toBeLessThan(golden.tolerance.relative);
      for (const [variable, gradient] of Object.entries(expected.gradients)) {
        const mine = found[whole.gradients[variable]!]!;
        expect(difference(mine, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
      }
    } finally {
      await program.release();
    }
  };

  it.each(named(golden.cases))("%s", async (_, one) => check(one, graphOf(one)));

  it.each(named(golden.cases))("%s, after the passes of a training step", async (_, one) =>
    check(one, graphOf(one), (whole) => fuse(mergeDuplicates(whole))),
  );

  const recurrent = golden.cases.filter(({ nodes }) => nodes.some(({ op }) => ["LSTM", "GRU", "RNN"].includes(op)));
  it.each(named(recurrent))("%s, unrolled beforehand", async (_, one) => {
    const made = graphOf(one);
    const unrolled = unrollRecurrent(made.graph);
    expect(unrolled.nodes.some(({ op }) => ["LSTM", "GRU", "RNN"].includes(op))).toBe(false);
    expect(graphBuilder(unrolled).value(made.y).dims).toEqual(graphBuilder(made.graph).value(made.y).dims);
    await check(one, { ...made, graph: unrolled });
  });
});
