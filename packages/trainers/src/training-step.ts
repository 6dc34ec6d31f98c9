import type { FreezingPhase, Graph, Head, TargetSpec, Tensors, Value } from "@graft-ml/core";
import {
  asInputs,
  backward,
  dropIdentities,
  foldBatchNorm,
  fuse,
  graphBuilder,
  inferShapes,
  joinGelu,
  liveBatchNorm,
  mergeDuplicates,
  nameOutputs,
  type OpenGraph,
  reduceSum,
} from "@graft-ml/graph";
import { accumulated } from "./accumulation.ts";
import type { Headed } from "./attach-head.ts";
import { averaged } from "./averages.ts";
import { carriedState, zeros } from "./carried-state.ts";
import type { Mixing } from "./mixing/mixing.ts";
import { objective, ownValues } from "./objective.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { Regularizer } from "./regularizers/regularizer.ts";
import { sumOfSquares } from "./regularizers/sums.ts";
import { weightUpdates } from "./weight-update.ts";

/** What one training step is made of. */
export interface TrainingStepSpec {
  /** Boundary to head outputs. */
  readonly headed: Headed;
  readonly head: Head;
  readonly targets: TargetSpec;
  /** Initializers that train, each with its multiple of the base rate; the head's own always train at 1. */
  readonly rates: Readonly<Record<string, number>>;
  readonly normalization: FreezingPhase["normalization"];
  readonly optimizer: Optimizer;
  /** Samples in a batch. */
  readonly batch: number;
  /** Numbers for the graph's named dimensions beside `batch`: gradients need one for each. */
  readonly bindings?: Readonly<Record<string, number>>;
  /** Largest global norm of the gradient; longer ones are scaled down. Left out: no clipping. */
  readonly clipNorm?: number;
  /** Batches whose mean gradient makes one update. Default: 1. */
  readonly accumulate?: number;
  /** Decay of an exponential moving average of what trains, below 1: the average is then what training leaves. Default: none. */
  readonly ema?: number;
  /** Terms that are added to the loss. */
  readonly regularizers?: readonly Regularizer[];
  /** What regularisers take for pretrained, where it is not what training starts from. */
  readonly pretrained?: Tensors;
  /** Samples are fed as mixtures of two, with the targets of both. Left out: as they are. */
  readonly mixing?: Mixing;
}

/** A whole step, forward to updated weights, as one graph. */
export interface TrainingStep {
  readonly graph: Graph;
  /** Input → output of everything that lives on from step to step. */
  readonly carry: Readonly<Record<string, string>>;
  readonly initial: Tensors;
  /** Trained initializers, head included, and with live normalisation the running statistics. */
  readonly variables: readonly string[];
  /** Variable → carried value that training leaves of it: its own, or its average. */
  readonly results: Readonly<Record<string, string>>;
}

/** Name of the step's loss output: the mean over the batch weighted by `sample_weight`, and the terms of regularisers. */
export const LOSS: string = "loss";

/**
 * Builds one training step: inputs are the boundary, the head's targets, `sample_weight` `[batch]`, `learning_rate`, the optimizer's
 * scalars and what `accumulate` and `ema` need (`stepFeed` has them all); variables, optimizer slots, sums and averages are carried;
 * the output is the loss.
 */
export function trainingStep(spec: TrainingStepSpec): TrainingStep {
  const bindings = { ...spec.bindings, batch: spec.batch };
  const rates: Record<string, number> = { ...spec.rates };
  for (const name of spec.headed.parameters) rates[name] = 1;
  const names = Object.keys(rates);

  const live =
    spec.normalization === "live" ? liveBatchNorm(spec.headed.graph, thawedNorms(spec), bindings) : undefined;
  const statistics = Object.entries(live?.updates ?? {});
  const whole = live === undefined ? spec.headed.graph : withOutputs(live.graph, Object.values(live.updates), bindings);
  const model = joinGelu(foldBatchNorm(dropIdentities(whole), new Set(names)));
  const carriedNames = [...names, ...statistics.map(([name]) => name)];

  const g = graphBuilder(asInputs(model, carriedNames), bindings);
  const state = carriedState(g);
  for (const name of carriedNames) state.adopt(name, model.initializers.get(name)!);
  const beside = Object.entries(ownValues(g, spec)).map(([name, first]) => state.add(name, first));
  const trained = [...names, ...beside.map(({ name }) => name)];
  const { loss: minimised, weight, stops } = objective(g, spec, names, beside);
  const loss = g.name(minimised, LOSS);
  const forward = g.finish([loss]);
  const nodes = forward.nodes.filter(({ name }) => !stops.has(name));
  const { gradients, applies } = gathered(g, state, spec, backward(g, nodes, forward.opsets, loss, trained), weight);
  const directions = clipped(g, gradients, spec.clipNorm);

  for (const [name, update] of statistics) state.set(name, g.value(update));
  const scalars = Object.fromEntries(
    Object.keys(spec.optimizer.scalars(1)).map((key) => [key, g.input(key, "float32", [])]),
  );
  const rate = g.input("learning_rate", "float32", []);
  const variables = trained.map((name) => {
    const parameter = g.value(name);
    const dims = parameter.dims as number[];
    const slots = spec.optimizer.slots.map((slot) => [slot, state.add(`${name}/${slot}`, zeros(dims))] as const);
    return { name, parameter, gradient: directions[name]!, slots: Object.fromEntries(slots), rate: rates[name] ?? 1 };
  });
  const moved = (next: Value, before: Value): Value =>
    applies === undefined ? next : g.op("Where", [applies, next, before]);
  const updated = weightUpdates(g, variables, { optimizer: spec.optimizer, rate, scalars });
  for (const { name, parameter, slots } of variables) {
    const next = updated.get(name)!;
    state.set(name, moved(next.parameter, parameter));
    for (const [slot, before] of Object.entries(slots)) state.set(`${name}/${slot}`, moved(next.slots[slot]!, before));
  }
  const results =
    spec.ema === undefined
      ? Object.fromEntries(carriedNames.map((name) => [name, name]))
      : averaged(g, state, carriedNames);
  const { carry, initial } = state;
  const outputs = [loss, ...Object.values(carry).map((output) => g.value(output))];
  const graph = nameOutputs(fuse(mergeDuplicates(g.finish(outputs)), bindings));
  return { graph, carry, initial, variables: carriedNames, results };
}

/** What training leaves of each variable, from everything that is carried. */
export function trainedValues({ results }: Pick<TrainingStep, "results">, state: Tensors): Tensors {
  return Object.fromEntries(Object.entries(results).map(([name, kept]) => [name, state[kept]!]));
}

/** The gradients as they are, or their mean over several batches. */
function gathered(
  g: OpenGraph,
  state: ReturnType<typeof carriedState>,
  { accumulate = 1 }: TrainingStepSpec,
  gradients: Record<string, Value>,
  weight: Value,
): { readonly gradients: Record<string, Value>; readonly applies?: Value } {
  return accumulate === 1 ? { gradients } : accumulated(g, state, gradients, weight);
}

/** Normalisations whose scale or shift trains; those of frozen groups keep their statistics. */
function thawedNorms({ headed, rates }: TrainingStepSpec): Set<string> {
  const norms = headed.graph.nodes.filter((node) => node.op === "BatchNormalization");
  return new Set(norms.filter(({ inputs }) => inputs[1]! in rates || inputs[2]! in rates).map((node) => node.name));
}

/** Keeps values alive through passes that drop what no output needs. */
function withOutputs(graph: Graph, names: readonly string[], bindings: Readonly<Record<string, number>>): Graph {
  const { values } = inferShapes(graph, bindings);
  return { ...graph, outputs: [...graph.outputs, ...names.map((name) => values.get(name)!)] };
}

/** Scales all gradients by min(1, limit / global norm), as PyTorch's `clip_grad_norm_` does. */
function clipped(g: OpenGraph, gradients: Record<string, Value>, limit: number | undefined): Record<string, Value> {
  if (limit === undefined) return gradients;
  const squares = Object.values(gradients).map((value) => sumOfSquares(g, value, true));
  const norm = g.op("Sqrt", [reduceSum(g, g.op("Concat", squares, { axis: 0 }), [0], false)]);
  const factor = g.op("Min", [g.op("Div", [g.scalar(limit), g.op("Add", [norm, g.scalar(1e-6)])]), g.scalar(1)]);
  return Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name, g.op("Mul", [value, factor])]));
}
