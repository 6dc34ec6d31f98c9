import { type Backbone, type FreezingPhase, fail, type Preprocessing } from "@graft-ml/core";
import { upTo } from "@graft-ml/graph";
import type { PhaseCut } from "../variables.ts";

/**
 * Refuses a phase that changes what the frozen part below its boundary is made of: values that were kept there would be of a model
 * that no longer exists. It happens where layers share weights, or where live batch normalisation moves statistics that they share.
 * (Graphs that draw at random, as dropout in training mode does, are refused when they are read.)
 */
export function refuseStale<P extends Preprocessing>(
  { card, graph, groups }: Backbone<P>,
  cut: PhaseCut,
  { normalization }: FreezingPhase,
): void {
  if (cut.boundary === card.input) return;
  const norms = normalization === "live" ? graph.nodes.filter((node) => node.op === "BatchNormalization") : [];
  const live = norms.filter(({ inputs }) => inputs[1]! in cut.rates || inputs[2]! in cut.rates);
  const statistics = live.flatMap((node) => node.inputs.slice(3).map((name) => [name, node.name] as const));
  const prefix = upTo(graph, [cut.boundary]);
  const where = "graft/plan";
  const trained = Object.keys(cut.rates).find((name) => prefix.initializers.has(name));
  const moved = statistics.find(([name]) => prefix.initializers.has(name));
  if (trained === undefined && moved === undefined) return;
  const name = trained ?? moved![0];
  const how = trained === undefined ? `is moved by live batch normalisation ("${moved![1]}")` : "trains";
  const readers = prefix.nodes.filter((node) => node.inputs.includes(name)).map((node) => `"${node.name}"`);
  const below = groups.find((group) => cut.frozen.includes(group) && group.initializers.includes(name));
  const mend = below === undefined ? "Thaw the layers below as well" : `Thaw "${below.name}" as well`;
  throw fail(
    where,
    `"${name}" ${how}, but ${readers.join(", ")} below the boundary "${cut.boundary}" reads it, too: kept values would no longer be true. ${mend}`,
  );
}
