import type { Graph, Head, Random, TargetSpec, Values } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";

/** A graph with a head on its features. */
export interface Headed {
  /** The graph's outputs are the head's. */
  readonly graph: Graph;
  /** The head's outputs by the head's own names. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the head's parameters. */
  readonly parameters: readonly string[];
  /** Name of the value that the head reads; regularisers look at it. */
  readonly features?: string;
}

/** Puts a head on the value `features` of a graph; the head's parameters get their initial values. */
export function attachHead(graph: Graph, features: string, head: Head, targets: TargetSpec, random: Random): Headed {
  const g = graphBuilder(graph);
  const outputs = head.build(g.value(features), targets, g, random);
  const built = g.finish(Object.values(outputs));
  return {
    graph: built,
    features,
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, value.name])),
    parameters: [...built.initializers.keys()].filter(
      (name) => name.startsWith("head.") && !graph.initializers.has(name),
    ),
  };
}

/** Adds what the head exports: the graph's outputs get the head's public names. */
export function predictionGraph(headed: Headed, head: Head, temperature: number): Graph {
  const g = graphBuilder(headed.graph);
  const own: Values = Object.fromEntries(Object.entries(headed.outputs).map(([key, name]) => [key, g.value(name)]));
  const exported = Object.entries(head.predict(own, g, temperature)).map(([name, value]) => g.name(value, name));
  return g.finish(exported);
}
