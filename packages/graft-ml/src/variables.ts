import type { Backbone, FreezingPhase, Graph, LayerGroup, Preprocessing } from "@graft-ml/core";
import { unknownName } from "@graft-ml/core";
import { parameterRoles, producersOf } from "@graft-ml/graph";

/** Where a phase cuts the graph, and what trains behind the cut. */
export interface PhaseCut {
  /** Value at which the frozen part ends: the input where nothing is frozen, the features where everything is. */
  readonly boundary: string;
  /** Groups none of whose own parameters train; those with an adapter alone are among them. */
  readonly frozen: readonly LayerGroup[];
  readonly trained: readonly LayerGroup[];
  /** Initializers that train, adapters' included, each with its multiple of the base rate. */
  readonly rates: Readonly<Record<string, number>>;
}

/**
 * Applies one phase of a plan to a backbone: the boundary lies below the lowest group that has something to train. Where the phase has
 * adapters, the backbone's graph holds them already and `parameters` names theirs, which train at rate 1.
 */
export function cutForPhase(
  { card, graph, groups }: Backbone<Preprocessing>,
  phase: FreezingPhase,
  parameters: readonly string[] = [],
): PhaseCut {
  const known = groups.map(({ name }) => name);
  for (const { name } of phase.groups) {
    if (!known.includes(name)) throw unknownName("graft/freezing", "layer group", name, known);
  }
  const rateOf = new Map(phase.groups.map(({ name, rate }) => [name, rate]));
  const trains = trainable(graph, phase);
  const rates: Record<string, number> = {};
  const trained = groups.filter(({ name, initializers }) => {
    const own = rateOf.has(name) ? initializers.filter(trains) : [];
    for (const initializer of own) rates[initializer] = rateOf.get(name)!;
    return own.length > 0;
  });
  for (const parameter of parameters) rates[parameter] = 1;
  const lowest = [...trained.slice(0, 1).map((group) => groups.indexOf(group)), firstReader(graph, groups, parameters)];
  const first = Math.min(...lowest);
  return {
    boundary: first === groups.length ? card.features : first === 0 ? card.input : groups[first - 1]!.boundary,
    frozen: groups.filter((group) => !trained.includes(group)),
    trained,
    rates,
  };
}

/** What a phase lets train of its groups: parameters of its roles, and of batch normalisation scale and shift unless they are frozen. */
function trainable(graph: Graph, { roles, normalization }: FreezingPhase): (initializer: string) => boolean {
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const fixed = new Set(norms.flatMap((node) => node.inputs.slice(normalization === "frozen" ? 1 : 3)));
  const roleOf = roles === undefined ? undefined : parameterRoles(graph);
  return (name) => !fixed.has(name) && (roleOf === undefined || roles!.includes(roleOf.get(name)!));
}

/** Place of the lowest group from whose beginning on something reads one of the names; the number of groups where nothing does. */
function firstReader(graph: Graph, groups: readonly LayerGroup[], names: readonly string[]): number {
  const wanted = new Set(names);
  const producers = producersOf(graph);
  const seen = new Set<string>();
  const reads = (value: string): boolean => {
    const open = [value];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (wanted.has(name)) return true;
      open.push(...(producers.get(name)?.inputs ?? []));
    }
    return false;
  };
  const found = wanted.size === 0 ? -1 : groups.findIndex(({ boundary }) => reads(boundary));
  return found < 0 ? groups.length : found;
}
