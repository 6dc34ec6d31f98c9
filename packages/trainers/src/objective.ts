import { fail, type Graph, type Tensor, type Tensors, type Value } from "@graft-ml/core";
import { type OpenGraph, reduceSum } from "@graft-ml/graph";
import { pretrainedCopy } from "./pretrained-copy.ts";
import type { Regularizer, RegularizerContext } from "./regularizers/regularizer.ts";
import { sampleLosses } from "./sample-losses.ts";
import type { TrainingStepSpec } from "./training-step.ts";

const WHERE = "trainers/training-step";

/** What a training step minimises. */
export interface Objective {
  /** Σ weight · loss / Σ weight, so that a padded batch has the loss of its real samples, and the terms of regularisers. */
  readonly loss: Value;
  /** Σ weight: what the batch counts among others. */
  readonly weight: Value;
  /** Nodes that no gradient passes. */
  readonly stops: ReadonlySet<string>;
}

/** Adds the objective; `rates` says what trains, and `own` has the values that regularisers train beside it. */
export function objective(
  g: OpenGraph,
  spec: TrainingStepSpec,
  names: readonly string[],
  own: readonly Value[],
): Objective {
  const { batch, regularizers = [] } = spec;
  const { losses, weights, outputs, targets } = sampleLosses(g, spec, batch, spec.mixing !== undefined);
  const fed = g.input("sample_weight", "float32", [batch]);
  const each = weights === undefined ? fed : g.op("Mul", [fed, weights]);
  const weight = reduceSum(g, each, [0], false);
  const mean = (value: Value): Value => g.op("Div", [reduceSum(g, g.op("Mul", [value, each]), [0], false), weight]);
  let loss = mean(losses);
  const stops = new Set<string>();
  if (regularizers.length === 0) return { loss, weight, stops };

  const before = memoized(() => pretrainedCopy(g, pretrainedGraph(spec)));
  const split = pretrainedOf(spec, names);
  const original = throughIdentities(spec.headed.graph);
  const current = (name: string): Value => g.value(original(name));
  const context: Omit<RegularizerContext, "own"> = {
    batch,
    outputs,
    targets,
    weights: each,
    mean,
    features: current(featuresOf(spec)),
    pretrained: split.pretrained.map(([name, start]) => ({ name, start, value: g.value(name) })),
    fresh: split.fresh.map((name) => g.value(name)),
    current,
    before: (name) => before()(original(name)),
    detach(value) {
      const held = g.op("Identity", [value]);
      stops.add(held.name);
      return held;
    },
  };
  for (const regularizer of regularizers) {
    const find = (name: string): Value => own.find((value) => value.name === ownName(regularizer, name))!;
    loss = g.op("Add", [loss, regularizer.term({ ...context, own: find }, g)]);
  }
  return { loss, weight, stops };
}

/** First values of what the regularisers train beside the network. */
export function ownValues(g: OpenGraph, spec: TrainingStepSpec): Tensors {
  const original = throughIdentities(spec.headed.graph);
  const dims = (): number[] => g.value(original(featuresOf(spec))).dims.slice(1) as number[];
  const entries = (spec.regularizers ?? []).flatMap((regularizer) =>
    Object.entries(regularizer.own?.({ dims: dims() }, spec.targets) ?? {}).map(
      ([name, first]) => [ownName(regularizer, name), first] as const,
    ),
  );
  return Object.fromEntries(entries);
}

/** A value's name before it was only renamed: the passes of a step leave identities out. */
function throughIdentities({ nodes }: Graph): (name: string) => string {
  const sources = new Map(
    nodes.filter(({ op }) => op === "Identity").map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );
  return (name) => {
    let found = name;
    while (sources.has(found)) found = sources.get(found)!;
    return found;
  };
}

function ownName({ name }: Regularizer, value: string): string {
  return `regularizer.${name}.${value}`;
}

function featuresOf({ headed }: TrainingStepSpec): string {
  if (headed.features !== undefined) return headed.features;
  throw fail(WHERE, "expected the name of the features that the head reads, for a regulariser; received none");
}

/** The network with its pretrained values: those given, the graph's own elsewhere. */
function pretrainedGraph({ headed, pretrained = {} }: TrainingStepSpec): Graph {
  const initializers = new Map<string, Tensor>(headed.graph.initializers);
  for (const [name, value] of Object.entries(pretrained)) if (initializers.has(name)) initializers.set(name, value);
  return { ...headed.graph, initializers };
}

/** Trained values by whether they came pretrained: the head's and those of adapters did not. */
function pretrainedOf(
  { headed, pretrained = {} }: TrainingStepSpec,
  names: readonly string[],
): { pretrained: (readonly [string, Tensor])[]; fresh: string[] } {
  const isFresh = (name: string): boolean => headed.parameters.includes(name) || name.startsWith("adapter.");
  return {
    pretrained: names
      .filter((name) => !isFresh(name))
      .map((name) => [name, pretrained[name] ?? headed.graph.initializers.get(name)!] as const),
    fresh: names.filter(isFresh),
  };
}

function memoized<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
