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
import { differentiate, emptyGraph, graphBuilder, liveBatchNorm, type OpenGraph, reduceSum } from "@graft-ml/graph";

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
export interface Stored {
  readonly dims: readonly number[];
  readonly every: number;
  readonly values: readonly number[];
}
/** A graph of a few nodes, with PyTorch's output and gradients. */
export interface Case {
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
/** Batch normalisation with the statistics of the batch, whose running averages are expected too. */
export interface LiveCase extends Omit<Case, "nodes" | "opset"> {
  readonly momentum: number;
  readonly epsilon: number;
  readonly expected: Case["expected"] & { readonly updates: Readonly<Record<string, Stored>> };
}
/** A file of golden values. */
export interface Golden {
  readonly loss: Pick<Spec, "seed" | "low" | "high">;
  readonly tolerance: { readonly relative: number; readonly engines: number };
  readonly cases: readonly Case[];
  readonly live: readonly LiveCase[];
}

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
function finish(g: OpenGraph, y: Value, loss: Golden["loss"]): Graph {
  const dims = y.dims as number[];
  const product = g.op("Mul", [y, g.constant(recipe({ ...loss, dims }))]);
  const axes = dims.map((_, i) => i);
  const total = g.name(axes.length === 0 ? product : reduceSum(g, product, axes, false), "loss");
  return g.finish([total, g.name(y, "output")]);
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

/** Runs a case; output `y`, and gradients by variable. */
export function runCase(engine: Engine, one: Case, loss: Golden["loss"]): Promise<Tensors> {
  const g = graphBuilder(emptyGraph(one.opset));
  const values = declare(g, one);
  for (const { op, inputs, output, outputs, attributes } of one.nodes) {
    const read = inputs.map((input) => values.get(input));
    if (output !== undefined) values.set(output, g.op(op, read, attributes));
    else
      for (const [i, value] of many(g, op, read, attributes, outputs!.length).entries())
        values.set(outputs![i]!, value);
  }
  return run(engine, one, finish(g, values.get("y")!, loss));
}

/** Runs a case of live batch normalisation; also the names of the updated running averages among the values. */
export async function runLiveCase(
  engine: Engine,
  one: LiveCase,
  loss: Golden["loss"],
): Promise<{ readonly values: Tensors; readonly updates: Readonly<Record<string, string>> }> {
  const g = graphBuilder();
  const declared = declare(g, one);
  const inputs = ["x", "scale", "bias", "mean", "variance"].map((input) => declared.get(input));
  const attributes = { momentum: { float: one.momentum }, epsilon: { float: one.epsilon } };
  const live = liveBatchNorm(finish(g, g.op("BatchNormalization", inputs, attributes), loss));
  const more = Object.values(live.updates).map((update) => graphBuilder(live.graph).value(update));
  return { values: await run(engine, one, live.graph, more), updates: live.updates };
}

/** Largest difference relative to the largest expected value; of another shape, infinite. */
export function difference(actual: Tensor, { dims, every, values }: Stored): number {
  if (String(actual.dims) !== String(dims)) return Number.POSITIVE_INFINITY;
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
