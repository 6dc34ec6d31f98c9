import {
  type Adapter,
  type Backbone,
  type Engine,
  type FreezingPhase,
  float32,
  fromBarrel,
  type Graph,
  seededRandom,
  type Tensors,
} from "@graft-ml/core";
import { graphBuilder, liveBatchNorm, parameterRoles, reduceMean, reduceSum } from "@graft-ml/graph";
import { descend } from "../descent.ts";
import { randomTensor } from "../run-once.ts";
import type { AdapterBarrel } from "./plan-rules.ts";

const BATCH = 6;
const CLASSES = 3;
const RATE = 0.1;

/** What a phase may change, by the contract of `FreezingPhase`. */
export interface Thawed {
  /** Initializer → multiple of the base rate. */
  readonly rates: Readonly<Record<string, number>>;
  /** Running statistics that live normalisation updates. */
  readonly statistics: readonly string[];
}

/**
 * Reads a phase as trainers do: weights of thawed groups train where they have one of its roles; of batch normalisation scale and shift
 * unless it is frozen. Statistics move where normalisation is live and its scale or shift trains.
 */
export function thawedBy({ graph, groups }: Backbone, phase: FreezingPhase): Thawed {
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const fixed = new Set(norms.flatMap((node) => node.inputs.slice(phase.normalization === "frozen" ? 1 : 3)));
  const roleOf = parameterRoles(graph);
  const rateOf = new Map(phase.groups.map(({ name, rate }) => [name, rate]));
  const rates = groups.flatMap(({ name, initializers }) =>
    (rateOf.has(name) ? initializers : [])
      .filter(
        (initializer) =>
          !fixed.has(initializer) && (phase.roles ?? [roleOf.get(initializer)!]).includes(roleOf.get(initializer)!),
      )
      .map((initializer) => [initializer, rateOf.get(name)!] as const),
  );
  const trains = new Set(rates.map(([name]) => name));
  const moving = norms.filter(
    ({ inputs }) => phase.normalization === "live" && inputs.slice(1, 3).some((name) => trains.has(name)),
  );
  return { rates: Object.fromEntries(rates), statistics: moving.flatMap((node) => node.inputs.slice(3)) };
}

/** Puts the phase's adapters into the backbone's graph, one after the other. */
export function adaptedBy(
  { graph, groups }: Backbone,
  { adapters = [] }: FreezingPhase,
  barrel: AdapterBarrel,
): { readonly graph: Graph; readonly parameters: readonly string[] } {
  let adapted: { graph: Graph; parameters: readonly string[] } = { graph, parameters: [] };
  for (const plan of adapters) {
    const adapter = fromBarrel<Adapter>("testing", "adapter", barrel, plan.adapter, plan.options);
    const chosen = groups.filter(({ name }) => plan.groups.includes(name));
    const next = adapter.attach(adapted.graph, chosen, seededRandom("testing/adapted-by").fork(plan.adapter));
    adapted = { graph: next.graph, parameters: [...adapted.parameters, ...next.parameters] };
  }
  return adapted;
}

/** Takes a few steps of gradient descent on random pictures with a linear head; returns what changed its value or could have, adapters included. */
export async function trainPhase(
  engine: Engine,
  backbone: Backbone,
  phase: FreezingPhase,
  steps: number,
  adapters: AdapterBarrel,
): Promise<Tensors> {
  const { rates, statistics } = thawedBy(backbone, phase);
  const adapted = adaptedBy(backbone, phase, adapters);
  const random = seededRandom("testing/train-phase");
  const which = new Set(
    adapted.graph.nodes
      .filter((node) => node.op === "BatchNormalization" && statistics.includes(node.inputs[3]!))
      .map((node) => node.name),
  );
  const { graph, updates } = liveBatchNorm(adapted.graph, which, { batch: BATCH });
  const g = graphBuilder(graph, { batch: BATCH });
  const weight = g.parameter("head.weight", randomTensor([backbone.card.numFeatures, CLASSES], random));
  const logits = g.op("MatMul", [g.value(backbone.card.features), weight]);
  const target = g.input("target", "float32", [BATCH, CLASSES]);
  const picked = reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false);
  const loss = g.name(g.op("Neg", [reduceMean(g, picked, [0], false)]), "loss");
  const image = graph.inputs.find(({ name }) => name === backbone.card.input)!;
  const classes = Float32Array.from({ length: BATCH * CLASSES }, (_, i) =>
    Math.floor(i / CLASSES) % CLASSES === i % CLASSES ? 1 : 0,
  );
  const { values } = await descend(engine, {
    graph: g.finish([loss, ...Object.values(updates).map((name) => g.value(name))]),
    loss: "loss",
    rates: {
      ...Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rate * RATE])),
      ...Object.fromEntries(adapted.parameters.map((name) => [name, RATE])),
      "head.weight": RATE,
    },
    updates,
    inputs: {
      [image.name]: randomTensor([BATCH, ...(image.dims.slice(1) as number[])], random),
      target: float32([BATCH, CLASSES], classes),
    },
    batch: BATCH,
    steps,
  });
  const { "head.weight": _, ...backboneValues } = values;
  return backboneValues;
}
