import { readFile } from "node:fs/promises";
import { minilmL6 } from "@graft-ml/backbones";
import {
  type Backbone,
  type Engine,
  float32,
  type Head,
  int64,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  type TextPreprocessing,
} from "@graft-ml/core";
import { cut } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { attachHead, LOSS, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";

// Expected values: tools/golden/minilm_training.py, the real network fine-tuned by PyTorch.

interface Golden {
  readonly tolerance: number;
  readonly head: { readonly seed: number; readonly low: number; readonly high: number };
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly rate: number;
  readonly weightDecay: number;
  readonly runs: readonly { readonly mode: "last" | "full"; readonly losses: readonly number[] }[];
}

const golden = JSON.parse(
  await readFile(new URL("../../trainers/golden/torch-minilm.json", import.meta.url), "utf8"),
) as Golden;
const [batch, tokens] = [golden.inputIds.length, golden.inputIds[0]!.length];
const rows = (of: readonly number[][]): Tensor => int64([batch, tokens], of.flat());

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[]): Tensor {
  const { seed, low, high } = golden.head;
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

async function losses(
  engine: Engine,
  { card, graph, groups }: Backbone<TextPreprocessing>,
  mode: "last" | "full",
  steps: number,
): Promise<number[]> {
  const first = mode === "full" ? 0 : groups.findIndex(({ name }) => name === "encoder.3");
  const boundary = first === 0 ? card.input : groups[first - 1]!.boundary;
  const { mask } = card.preprocessing;
  // Gradients need numbers for all dimensions; the batch is the step's own affair.
  const inputs = graph.inputs.map((input) => ({ ...input, dims: [input.dims[0]!, tokens] }));
  const { prefix, suffix } = cut({ ...graph, inputs }, [boundary]);
  const head = linear() as Head;
  const targets = { classes: Array.from({ length: golden.classes }, (_, k) => `class ${k}`) };
  const headed = attachHead(suffix, card.features, head, targets, seededRandom(0));
  const initializers = new Map(headed.graph.initializers);
  initializers.set("head.weight", recipe(initializers.get("head.weight")!.dims));
  const optimizer = optimizers.adamw({ weightDecay: golden.weightDecay });
  const names = groups.slice(first).flatMap((group) => group.initializers);
  const step = trainingStep({
    headed: { ...headed, graph: { ...headed.graph, initializers } },
    head,
    targets,
    rates: Object.fromEntries(names.map((name) => [name, 1])),
    normalization: "frozen",
    optimizer,
    batch,
  });
  const masks: Tensors = { [mask]: rows(golden.attentionMask) };
  const values =
    first === 0 ? rows(golden.inputIds) : await once(engine, prefix, { ...masks, [card.input]: rows(golden.inputIds) });
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const found: number[] = [];
  try {
    for (let i = 1; i <= steps; i++) {
      const feed = stepFeed(
        { head, targets, optimizer },
        { inputs: { ...masks, [boundary]: values }, targets: golden.labels, rate: golden.rate, step: i },
      );
      const results = await program.run(feed, [LOSS]);
      found.push(results[LOSS]!.data[0] as number);
    }
  } finally {
    await program.release();
  }
  return found;
}

async function once(engine: Engine, graph: Backbone["graph"], inputs: Tensors): Promise<Tensor> {
  const program = await engine.prepare(graph);
  const results = await program.run(inputs);
  await program.release();
  return results[graph.outputs[0]!.name]!;
}

const probes = await probeEngines();
let backbone: Backbone<TextPreprocessing>;
beforeAll(async () => {
  backbone = await minilmL6().load();
});

describe.each(engineNames)("%s fine-tunes MiniLM-L6 as PyTorch does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  it.each(golden.runs)(
    "$mode",
    async ({ mode, losses: expected }) => {
      // One thread computes on tfjs-wasm: two steps show a gradient and an update.
      const steps = name === "tfjs-wasm" ? 2 : expected.length;
      const found = await losses(await openEngine(name), backbone, mode, steps);
      const off = found.map((loss, i) => Math.abs(loss / expected[i]! - 1));
      expect(off).toHaveLength(steps);
      expect(Math.max(...off)).toBeLessThan(golden.tolerance);
    },
    120_000,
  );
});
