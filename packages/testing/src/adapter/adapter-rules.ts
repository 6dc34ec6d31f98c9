import { type Adapted, type Adapter, type Engine, seededRandom, type Tensor, type Tensors } from "@graft-ml/core";
import { graphBuilder, inferShapes, readModel, reduceMean, writeModel } from "@graft-ml/graph";
import { descend, withValues } from "../descent.ts";
import { holds, isNear, sameBits } from "../expectations.ts";
import { randomInputs, randomTensor, runOnce } from "../run-once.ts";
import type { Grouped } from "./tiny-transformer.ts";

const BATCH = 3;
const STEPS = 8;
/** How far from its start training begins: at the start itself some gradients are zero. */
const NEAR = 0.05;
/** What merging may change: the order of sums in float32. */
export const MERGING = 1e-5;

/** Attaches with a seed of its own, so that calls agree. */
export function attached(adapter: Adapter, { graph, groups }: Grouped, seed = 1): Adapted {
  return adapter.attach(graph, groups, seededRandom(seed).fork("testing/adapter"));
}

/** What both graphs are fed. */
export function feeds({ graph }: Grouped): Tensors {
  return randomInputs(graph.inputs, seededRandom("testing/adapter/inputs"), BATCH);
}

/** Other values for an adapter's parameters, as training would leave them. */
export function moved({ graph, parameters }: Adapted, deviation = 0.3): Tensors {
  const random = seededRandom("testing/adapter/values");
  return Object.fromEntries(
    parameters.map((name) => {
      const start = graph.initializers.get(name)!;
      const step = randomTensor(start.dims, random, deviation).data;
      const data = Float32Array.from(start.data as Float32Array, (value, i) => value + Number(step[i]));
      return [name, { ...start, data }];
    }),
  );
}

/** The outputs of a graph, one after the other. */
export async function outputsOf(engine: Engine, graph: Grouped["graph"], inputs: Tensors): Promise<number[]> {
  const outputs = await runOnce(engine, graph, inputs);
  return graph.outputs.flatMap(({ name }) => Array.from(outputs[name]!.data as Float32Array));
}

/** Parameters are new, named `adapter.*`, of float32, and all that was added to train. */
export function hasOwnParameters({ graph: base }: Grouped, { graph, parameters }: Adapted): void {
  holds(parameters.length > 0, () => "expected at least one parameter; received none");
  holds(new Set(parameters).size === parameters.length, () => `expected each parameter once; received ${parameters}`);
  for (const name of parameters) {
    holds(name.startsWith("adapter."), () => `expected parameters named adapter.*; received "${name}"`);
    holds(!base.initializers.has(name), () => `expected "${name}" to be the adapter's own; the base has it`);
    const dtype = graph.initializers.get(name)?.dtype;
    holds(dtype === "float32", () => `expected "${name}" to be a float32 initializer; received ${dtype}`);
  }
  for (const name of graph.initializers.keys()) {
    const known = !name.startsWith("adapter.") || parameters.includes(name);
    holds(known, () => `expected "${name}" to be among the parameters; it is not`);
  }
}

/** Initializers, inputs, outputs and boundaries of the base are all there, as they were. */
export function keepsTheBase({ graph: base, groups }: Grouped, { graph }: Adapted): void {
  for (const [name, tensor] of base.initializers) {
    const now = graph.initializers.get(name);
    holds(now !== undefined && sameBits(now, tensor), () => `expected "${name}" to keep its bits; it did not`);
  }
  const ends = (each: Grouped["graph"]): string => JSON.stringify([each.inputs, each.outputs]);
  holds(ends(graph) === ends(base), () => `expected inputs and outputs ${ends(base)}; received ${ends(graph)}`);
  const { values } = inferShapes(graph);
  const before = inferShapes(base).values;
  for (const { boundary } of groups) {
    const [now, then] = [values, before].map((each) => JSON.stringify(each.get(boundary)?.dims));
    holds(now === then, () => `expected the boundary "${boundary}" to be ${then}; received ${now}`);
  }
}

/** The loss falls when the parameters alone train, and every one of them moves. */
export async function trains(engine: Engine, grouped: Grouped, adapted: Adapted): Promise<void> {
  const start = withValues(adapted.graph, moved(adapted, NEAR));
  const g = graphBuilder(start, { batch: BATCH });
  const { dims } = g.value(start.outputs[0]!.name);
  const wanted = g.constant(randomTensor(dims as number[], seededRandom("testing/adapter/wanted")));
  const off = g.op("Sub", [g.value(start.outputs[0]!.name), wanted]);
  const axes = dims.map((_, axis) => axis);
  const loss = g.name(reduceMean(g, g.op("Mul", [off, off]), axes, false), "kit loss");
  const { losses, values } = await descend(engine, {
    graph: g.finish([loss]),
    loss: "kit loss",
    rates: Object.fromEntries(adapted.parameters.map((name) => [name, 0.01])),
    inputs: feeds(grouped),
    batch: BATCH,
    steps: STEPS,
  });
  for (const name of adapted.parameters) {
    const still = sameBits(values[name]!, start.initializers.get(name)!);
    holds(!still, () => `expected a gradient to reach "${name}"; it did not move`);
  }
  const [first, last] = [losses[0]!, losses.at(-1)!];
  holds(last < first, () => `expected the loss to fall from ${first} in ${STEPS} steps; it is ${last}`);
}

/** Where it can be merged, the base with merged values computes what the adapted graph does, and the way back what the base does. */
export async function merges(engine: Engine, adapter: Adapter, grouped: Grouped): Promise<void> {
  const adapted = attached(adapter, grouped);
  const values = moved(adapted);
  const inputs = feeds(grouped);
  const changed = adapter.merge?.(grouped.graph, grouped.groups, values);
  if (changed === undefined) return;
  for (const [name, tensor] of Object.entries(changed)) {
    const base: Tensor | undefined = grouped.graph.initializers.get(name);
    holds(
      base?.dims.join() === tensor.dims.join(),
      () => `expected merged values of the base's shape; "${name}" has not`,
    );
  }
  const merged = withValues(grouped.graph, changed);
  const expected = await outputsOf(engine, withValues(adapted.graph, values), inputs);
  isNear("the outputs of the merged graph", await outputsOf(engine, merged, inputs), expected, MERGING);
  const start = await outputsOf(engine, grouped.graph, inputs);
  const same = expected.every((value, i) => Math.abs(value - start[i]!) <= MERGING);
  holds(!same, () => "expected other values to change the outputs; they did not");
  if (adapter.unmerge === undefined) return;
  const back = withValues(merged, adapter.unmerge(merged, grouped.groups, values));
  isNear("the outputs of the graph unmerged", await outputsOf(engine, back, inputs), start, MERGING);
}

/** An ONNX file of the adapted graph computes the same. */
export async function survivesAFile(engine: Engine, grouped: Grouped, adapted: Adapted): Promise<void> {
  const graph = withValues(adapted.graph, moved(adapted));
  const read = readModel(writeModel(graph));
  const inputs = feeds(grouped);
  isNear("the outputs of the file", await outputsOf(engine, read, inputs), await outputsOf(engine, graph, inputs), 0);
}
