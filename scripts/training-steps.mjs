// Training steps of EfficientNet-Lite0 as `graft fit` makes them, for the scripts that measure them. Wants built packages.
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

const load = (name) => import(join(root, "packages", name, "dist", "index.js"));
const { seededRandom } = await load("core");
const { cut } = await load("graph");
const { efficientnetLite0 } = await load("backbones");
const { attachHead, optimizers, trainingStep } = await load("trainers");
const { linear } = await load("heads");
const freezing = await load("freezing");

/** The step of a freezing strategy with a linear head and AdamW, what its feed is made from, and the names of the backbone's own nodes. */
export async function stepOf(mode, batch) {
  const { card, graph, groups } = await efficientnetLite0().load();
  const [phase] = freezing[mode]().plan(groups, {}).phases;
  const trained = new Set(phase.groups.map((group) => group.name));
  const first = groups.findIndex((group) => trained.has(group.name));
  const boundary = first === 0 ? card.input : groups[first - 1].boundary;
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const fixed = new Set(norms.flatMap((node) => node.inputs.slice(1)));
  const names = groups.slice(first).flatMap((group) => group.initializers.filter((name) => !fixed.has(name)));
  const spec = {
    head: linear(),
    targets: { classes: ["a", "b", "c", "d", "e"] },
    optimizer: optimizers.adamw(),
  };
  const { suffix } = cut(graph, [boundary]);
  const step = trainingStep({
    ...spec,
    headed: attachHead(suffix, card.features, spec.head, spec.targets, seededRandom(0)),
    rates: Object.fromEntries(names.map((name) => [name, 1])),
    normalization: "frozen",
    batch,
  });
  return { step, spec, boundary, forward: new Set(graph.nodes.map((node) => node.name)) };
}
