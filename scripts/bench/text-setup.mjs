// What the benchmark of text trains: MiniLM with its last three layers and a linear head, from the hidden state before them.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";

const load = (name) => import(join(root, "packages", name, "dist", "index.js"));
const { int64, seededRandom } = await load("core");
const { cut } = await load("graph");
const { minilmL6 } = await load("backbones");
const { attachHead, optimizers, trainingStep } = await load("trainers");
const { linear } = await load("heads");

export const BATCH = 32;
export const TOKENS = 32;
const FROZEN_LAYERS = 3;
const TARGETS = { classes: ["negative", "positive"] };

export const backbone = await minilmL6().load();
export const head = linear();
export const optimizer = optimizers.adamw();
export const targets = TARGETS;
const { card, graph, groups } = backbone;
const first = groups.findIndex(({ name }) => name === `encoder.${FROZEN_LAYERS}`);
export const boundary = groups[first - 1].boundary;

/** Gives numbers to batch and tokens. */
const bound = (model) => ({
  ...model,
  inputs: model.inputs.map((input) => ({
    ...input,
    dims: input.dims.map((dim) => ({ batch: BATCH, tokens: TOKENS })[dim] ?? dim),
  })),
});
const halves = cut(bound(graph), [boundary]);

/** Token ids to features, whole; and token ids to the boundary. */
export const whole = bound(graph);
export const prefix = halves.prefix;

/** Boundary and mask to updated weights. */
export function lastLayersStep() {
  const names = groups.slice(first).flatMap((group) => group.initializers);
  return trainingStep({
    headed: attachHead(halves.suffix, card.features, head, targets, seededRandom("bench")),
    head,
    targets,
    rates: Object.fromEntries(names.map((name) => [name, 1])),
    normalization: "frozen",
    optimizer,
    batch: BATCH,
  });
}

/** A batch of full-length sentences. */
export function sentences(seed) {
  const random = seededRandom(seed);
  const rows = (of) => int64([BATCH, TOKENS], Array.from({ length: BATCH * TOKENS }, of));
  return { [card.input]: rows(() => 1000 + random.integer(29_000)), [card.preprocessing.mask]: rows(() => 1) };
}
