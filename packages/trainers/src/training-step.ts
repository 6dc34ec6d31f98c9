import {
  float32,
  type Graph,
  type Head,
  type TargetSpec,
  type Tensor,
  type Tensors,
  type Value,
  type Values,
} from "@graft-ml/core";
import {
  asInputs,
  backward,
  dropIdentities,
  foldBatchNorm,
  fuse,
  graphBuilder,
  inferShapes,
  liveBatchNorm,
  mergeDuplicates,
  type OpenGraph,
  reduceSum,
  reshape,
} from "@graft-ml/graph";
import type { Headed } from "./attach-head.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { sampleLosses } from "./sample-losses.ts";

/** What one training step is made of. */
export interface TrainingStepSpec {
  /** Boundary to head outputs. */
  readonly headed: Headed;
  readonly head: Head;
  readonly targets: TargetSpec;
  /** Initializers that train, each with its multiple of the base rate; the head's own always train at 1. */
  readonly rates: Readonly<Record<string, number>>;
  readonly normalization: "frozen" | "live";
  readonly optimizer: Optimizer;
  /** Samples in a batch. */
  readonly batch: number;
  /** Largest global norm of the gradient; longer ones are scaled down. Left out: no clipping. */
  readonly clipNorm?: number;
}

/** A whole step, forward to updated weights, as one graph. */
export interface TrainingStep {
  readonly graph: Graph;
  /** Input → output of everything that lives on from step to step. */
  readonly carry: Readonly<Record<string, string>>;
  readonly initial: Tensors;
  /** Trained initializers, head included, and with live normalisation the running statistics. */
  readonly variables: readonly string[];
}

/** Name of the step's loss output, the mean over the batch weighted by `sample_weight`. */
export const LOSS: string = "loss";

/**
 * Builds one training step: inputs are the boundary, the head's targets, `sample_weight` `[batch]`, `learning_rate` and the
 * optimizer's scalars; variables and optimizer slots are carried; the output is the loss.
 */
export function trainingStep(spec: TrainingStepSpec): TrainingStep {
  const bindings = { batch: spec.batch };
  const rates: Record<string, number> = { ...spec.rates };
  for (const name of spec.headed.parameters) rates[name] = 1;
  const names = Object.keys(rates);

  const live =
    spec.normalization === "live" ? liveBatchNorm(spec.headed.graph, thawedNorms(spec), bindings) : undefined;
  const statistics = Object.entries(live?.updates ?? {});
  const whole = live === undefined ? spec.headed.graph : withOutputs(live.graph, Object.values(live.updates), bindings);
  const model = foldBatchNorm(dropIdentities(whole), new Set(names));
  const carriedNames = [...names, ...statistics.map(([name]) => name)];

  const g = graphBuilder(asInputs(model, carriedNames), bindings);
  const loss = weightedLoss(g, spec);
  const forward = g.finish([loss]);
  const gradients = clipped(g, backward(g, forward.nodes, forward.opsets, loss, names), spec.clipNorm);

  const carry: Record<string, string> = {};
  const initial: Record<string, Tensor> = Object.fromEntries(
    carriedNames.map((name) => [name, model.initializers.get(name)!]),
  );
  for (const [name, update] of statistics) carry[name] = g.name(g.value(update), `${name}/next`).name;
  const scalars = Object.fromEntries(
    Object.keys(spec.optimizer.scalars(1)).map((key) => [key, g.input(key, "float32", [])]),
  );
  const baseRate = g.input("learning_rate", "float32", []);
  for (const name of names) {
    const parameter = g.value(name);
    const dims = parameter.dims as number[];
    const slots: Values = Object.fromEntries(
      spec.optimizer.slots.map((slot) => [slot, g.input(`${name}/${slot}`, "float32", dims)]),
    );
    const rate = rates[name] === 1 ? baseRate : g.op("Mul", [baseRate, g.scalar(rates[name]!)]);
    const next = spec.optimizer.update(
      { parameter, gradient: gradients[name]!, slots, rate, scalars, decays: dims.length > 1 },
      g,
    );
    carry[name] = g.name(next.parameter, `${name}/next`).name;
    for (const slot of spec.optimizer.slots) {
      carry[`${name}/${slot}`] = g.name(next.slots[slot]!, `${name}/${slot}/next`).name;
      initial[`${name}/${slot}`] = float32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));
    }
  }
  const outputs = [loss, ...Object.values(carry).map((output) => g.value(output))];
  const graph = fuse(mergeDuplicates(g.finish(outputs)), bindings);
  return { graph, carry, initial, variables: carriedNames };
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

/** Σ weight · loss / Σ weight, so that a padded batch has the loss of its real samples. */
function weightedLoss(g: OpenGraph, spec: TrainingStepSpec): Value {
  const each = sampleLosses(g, spec, spec.batch);
  const weight = g.input("sample_weight", "float32", [spec.batch]);
  const total = reduceSum(g, g.op("Mul", [each, weight]), [0], false);
  return g.name(g.op("Div", [total, reduceSum(g, weight, [0], false)]), LOSS);
}

/** Scales all gradients by min(1, limit / global norm), as PyTorch's `clip_grad_norm_` does. */
function clipped(g: OpenGraph, gradients: Record<string, Value>, limit: number | undefined): Record<string, Value> {
  if (limit === undefined) return gradients;
  const squares = Object.values(gradients).map((value) => {
    const flat = reshape(g, value, [-1]);
    return reduceSum(g, g.op("Mul", [flat, flat]), [0], true);
  });
  const norm = g.op("Sqrt", [reduceSum(g, g.op("Concat", squares, { axis: 0 }), [0], false)]);
  const factor = g.op("Min", [g.op("Div", [g.scalar(limit), g.op("Add", [norm, g.scalar(1e-6)])]), g.scalar(1)]);
  return Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name, g.op("Mul", [value, factor])]));
}
