import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { kerasFile } from "@graft-ml/backbones/sources";
import {
  type Backbone,
  type Engine,
  type FreezingStrategy,
  float32,
  type Head,
  seededRandom,
  sizeOf,
  type Tensor,
} from "@graft-ml/core";
import { full, last } from "@graft-ml/freezing";
import { cut } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { attachHead, LOSS, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";
import { cutForPhase } from "./variables.ts";

// Expected values: tools/golden/keras_training.py, a tiny network fine-tuned by Keras.

interface Recipe {
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}
interface Golden {
  readonly pictures: Recipe & { readonly dims: readonly number[] };
  readonly head: Recipe;
  readonly labels: readonly number[];
  readonly classes: number;
  readonly rate: number;
  readonly runs: readonly { readonly mode: "last" | "full"; readonly losses: readonly number[] }[];
}

const folder = new URL("../../backbones/golden/keras/", import.meta.url);
const golden = JSON.parse(await readFile(new URL("training.json", folder), "utf8")) as Golden;

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[], { seed, low, high }: Recipe): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

async function losses(engine: Engine, backbone: Backbone, strategy: FreezingStrategy): Promise<number[]> {
  const { card, graph, groups } = backbone;
  const phase = strategy.plan(groups, {}).phases[0]!;
  const { boundary, rates } = cutForPhase(backbone, phase);
  const { prefix, suffix } = cut(graph, [boundary]);
  const head = linear() as Head;
  const targets = { classes: Array.from({ length: golden.classes }, (_, k) => `class ${k}`) };
  const headed = attachHead(suffix, card.features, head, targets, seededRandom(0));
  const initializers = new Map(headed.graph.initializers);
  initializers.set("head.weight", recipe(initializers.get("head.weight")!.dims, golden.head));
  const optimizer = optimizers.sgd({ momentum: 0, weightDecay: 0 });
  const step = trainingStep({
    headed: { ...headed, graph: { ...headed.graph, initializers } },
    head,
    targets,
    rates,
    normalization: phase.normalization,
    optimizer,
    batch: golden.labels.length,
  });
  const pictures = recipe(golden.pictures.dims, golden.pictures);
  const values = boundary === card.input ? pictures : await once(engine, prefix, { [card.input]: pictures }, boundary);
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const found: number[] = [];
  for (let i = 1; i <= golden.runs[0]!.losses.length; i++) {
    const feed = stepFeed(
      { head, targets, optimizer },
      { inputs: { [boundary]: values }, targets: golden.labels, rate: golden.rate, step: i },
    );
    found.push((await program.run(feed, [LOSS]))[LOSS]!.data[0] as number);
  }
  await program.release();
  return found;
}

async function once(
  engine: Engine,
  graph: Backbone["graph"],
  inputs: Record<string, Tensor>,
  output: string,
): Promise<Tensor> {
  const program = await engine.prepare(graph);
  const results = await program.run(inputs);
  await program.release();
  return results[output]!;
}

const probes = await probeEngines();
let backbone: Backbone;
beforeAll(async () => {
  const preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const path = fileURLToPath(new URL("training.keras", folder));
  backbone = (await kerasFile(path, { preprocessing }).load()) as Backbone;
});

it("groups a Keras model by its layers", () => {
  expect(backbone.groups.map(({ name }) => name)).toEqual(["conv1", "bn1", "conv2"]);
  expect(backbone.card).toMatchObject({ input: "picture", numFeatures: 6, preprocessing: { size: 8, layout: "NCHW" } });
});

describe.each(engineNames)("%s fine-tunes a Keras model as Keras does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  it.each(golden.runs)("$mode", async ({ mode, losses: expected }) => {
    const found = await losses(await openEngine(name), backbone, mode === "last" ? last({ groups: 1 }) : full());
    const off = found.map((loss, i) => Math.abs(loss / expected[i]! - 1));
    expect(off).toHaveLength(expected.length);
    expect(Math.max(...off)).toBeLessThan(1e-4);
  });
});
