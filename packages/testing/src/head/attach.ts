import { type Graph, type Head, type Random, seededRandom, type Tensors, type Values } from "@graft-ml/core";
import { graphBuilder, reduceSum } from "@graft-ml/graph";
import { withValues } from "../descent.ts";
import { randomTensor } from "../run-once.ts";
import type { HeadProblem } from "./problem.ts";

/** Name of the input that features are fed to. */
export const FEATURES: string = "features";
/** Loss of each sample. */
export const EACH: string = "each";
/** Weighted mean of the losses. */
export const LOSS: string = "loss";

/** A head on a features input. */
export interface Attached {
  readonly graph: Graph;
  /** The head's outputs by the head's own names. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What the head declared with `g.parameter`. */
  readonly parameters: readonly string[];
}

/** Builds a head for a problem's shapes, with the batch left open as in an exported file. */
export function attach(head: Head, problem: HeadProblem, seed: number): Attached {
  const g = graphBuilder();
  const parameters: string[] = [];
  const features = g.input(FEATURES, "float32", ["batch", ...problem.features.dims.slice(1)]);
  const watched = {
    ...g,
    parameter(name: string, tensor: Parameters<typeof g.parameter>[1]) {
      parameters.push(name);
      return g.parameter(name, tensor);
    },
  };
  const outputs = head.build(features, problem.spec, watched, seededRandom(seed));
  return { graph: g.finish(Object.values(outputs)), outputs: names(outputs), parameters };
}

/** Adds the loss for batches of a known size, weighted by `sample_weight` as trainers do. */
export function withLoss({ graph, outputs }: Attached, head: Head, problem: HeadProblem): Graph {
  const batch = problem.targets.length;
  const g = graphBuilder(graph, { batch });
  const fed: Values = Object.fromEntries(
    head
      .targetInputs(problem.spec)
      .map(({ name, dtype, dims }) => [name, g.input(name, dtype, [batch, ...dims.slice(1)])]),
  );
  const weight = g.input("sample_weight", "float32", [batch]);
  const each = g.name(head.loss(values(g, outputs), fed, g, problem.spec), EACH);
  const total = reduceSum(g, g.op("Mul", [each, weight]), [0], false);
  return g.finish([each, g.name(g.op("Div", [total, reduceSum(g, weight, [0], false)]), LOSS)]);
}

/** Adds what the head exports, under its public names. */
export function withPredictions({ graph, outputs }: Attached, head: Head, temperature: number): Graph {
  const g = graphBuilder(graph);
  const exported = Object.entries(head.predict(values(g, outputs), g, temperature));
  return g.finish(exported.map(([name, value]) => g.name(value, name)));
}

/** The head with random parameters: initial values may be zeros, which hide mistakes. */
export function shaken(attached: Attached, random: Random): Attached {
  const { graph, parameters } = attached;
  const drawn: Tensors = Object.fromEntries(
    parameters.map((name) => [name, randomTensor(graph.initializers.get(name)!.dims, random, 0.5)]),
  );
  return { ...attached, graph: withValues(graph, drawn) };
}

/** The values of a head's parameters. */
export function parameterValues({ graph, parameters }: Attached): Tensors {
  return Object.fromEntries(parameters.map((name) => [name, graph.initializers.get(name)!]));
}

function names(outputs: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, value.name]));
}

function values(g: ReturnType<typeof graphBuilder>, outputs: Readonly<Record<string, string>>): Values {
  return Object.fromEntries(Object.entries(outputs).map(([key, name]) => [key, g.value(name)]));
}
