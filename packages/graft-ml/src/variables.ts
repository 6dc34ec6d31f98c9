import type { Backbone, FreezingPhase, Graph, LayerGroup } from "@graft-ml/core";
import { unknownName } from "@graft-ml/core";

/** Where a phase cuts the graph, and what trains behind the cut. */
export interface PhaseCut {
  /** Value at which the frozen part ends: the input where nothing is frozen, the features where everything is. */
  readonly boundary: string;
  readonly frozen: readonly LayerGroup[];
  readonly trained: readonly LayerGroup[];
  /** Initializers that train, each with its multiple of the base rate. */
  readonly rates: Readonly<Record<string, number>>;
}

/** Applies one phase of a plan to a backbone: the boundary lies below the first thawed group. */
export function cutForPhase({ card, graph, groups }: Backbone, phase: FreezingPhase): PhaseCut {
  const rates = new Map(phase.groups.map(({ name, rate }) => [name, rate]));
  for (const { name } of phase.groups) {
    if (!groups.some((group) => group.name === name))
      throw unknownName(
        "graft/freezing",
        "layer group",
        name,
        groups.map((group) => group.name),
      );
  }
  const trained = groups.filter((group) => rates.has(group.name));
  const first = trained.length === 0 ? groups.length : groups.indexOf(trained[0]!);
  const boundary = first === groups.length ? card.features : first === 0 ? card.input : groups[first - 1]!.boundary;
  const fixed = normalizationParameters(graph, phase.normalization);
  return {
    boundary,
    frozen: groups.filter((group) => !rates.has(group.name)),
    trained,
    rates: Object.fromEntries(
      trained.flatMap(({ name, initializers }) =>
        initializers
          .filter((initializer) => !fixed.has(initializer))
          .map((initializer) => [initializer, rates.get(name)!]),
      ),
    ),
  };
}

/** Parameters of batch normalisation that do not train: all four when frozen, the running statistics always. */
function normalizationParameters(graph: Graph, mode: FreezingPhase["normalization"]): Set<string> {
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  return new Set(norms.flatMap((node) => node.inputs.slice(mode === "frozen" ? 1 : 3)));
}
