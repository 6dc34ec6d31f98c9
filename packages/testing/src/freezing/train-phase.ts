import { type Backbone, type Engine, type FreezingPhase, float32, seededRandom, type Tensors } from "@graft-ml/core";
import { graphBuilder, liveBatchNorm, reduceMean, reduceSum } from "@graft-ml/graph";
import { descend } from "../descent.ts";
import { randomTensor } from "../run-once.ts";

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

/** Reads a phase as trainers do: weights of thawed groups train; of batch normalisation only where it is live. */
export function thawedBy({ graph, groups }: Backbone, phase: FreezingPhase): Thawed {
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const live = phase.normalization === "live";
  const fixed = new Set(norms.flatMap((node) => node.inputs.slice(live ? 3 : 1)));
  const rateOf = new Map(phase.groups.map(({ name, rate }) => [name, rate]));
  const thawed = groups.filter(({ name }) => rateOf.has(name));
  const rates = thawed.flatMap(({ name, initializers }) =>
    initializers
      .filter((initializer) => !fixed.has(initializer))
      .map((initializer) => [initializer, rateOf.get(name)!] as const),
  );
  const inside = new Set(thawed.flatMap(({ initializers }) => initializers));
  const statistics = live ? norms.flatMap((node) => node.inputs.slice(3)).filter((name) => inside.has(name)) : [];
  return { rates: Object.fromEntries(rates), statistics };
}

/** Takes a few steps of gradient descent on random pictures with a linear head; returns what changed its value or could have. */
export async function trainPhase(
  engine: Engine,
  backbone: Backbone,
  phase: FreezingPhase,
  steps: number,
): Promise<Tensors> {
  const { rates, statistics } = thawedBy(backbone, phase);
  const random = seededRandom("testing/train-phase");
  const which = new Set(
    backbone.graph.nodes
      .filter((node) => node.op === "BatchNormalization" && statistics.includes(node.inputs[3]!))
      .map((node) => node.name),
  );
  const { graph, updates } = liveBatchNorm(backbone.graph, which, { batch: BATCH });
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
