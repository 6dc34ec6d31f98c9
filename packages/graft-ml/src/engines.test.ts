import { readFile } from "node:fs/promises";
import { efficientnetLite0 } from "@graft-ml/backbones";
import { type Backbone, type Engine, float32, type Head, seededRandom, sizeOf, type Tensor } from "@graft-ml/core";
import { full, last } from "@graft-ml/freezing";
import { cut } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { attachHead, LOSS, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";
import { cutForPhase, type PhaseCut } from "./variables.ts";

// Expected values: tools/golden/efficientnet_training.py, the real network fine-tuned by PyTorch.

interface Golden {
  readonly seed: readonly number[];
  readonly tolerance: number;
  readonly head: { readonly seed: number; readonly low: number; readonly high: number };
  readonly labels: readonly number[];
  readonly classes: number;
  readonly rate: number;
  readonly weightDecay: number;
  readonly runs: readonly { readonly mode: "last" | "full"; readonly losses: readonly number[] }[];
}

const golden = JSON.parse(
  await readFile(new URL("../../trainers/golden/torch-efficientnet.json", import.meta.url), "utf8"),
) as Golden;
const batch = golden.seed.length;

/**
 * Steps that are compared. The tfjs engines stop earlier: in the whole network one of a million units lies closer to a corner of
 * relu6 than rounding reaches, and AdamW turns each gradient whose sign that changes into a whole step.
 */
const STEPS: Readonly<Record<string, Readonly<Record<"last" | "full", number>>>> = {
  onnxruntime: { last: 5, full: 5 },
  "tfjs-node": { last: 5, full: 4 },
  "tfjs-wasm": { last: 2, full: 2 },
};

/** The pictures of tools/golden/efficientnet_lite0.py. */
function pictures(size: number): Tensor {
  const pixels = 3 * size * size;
  const value = (_: unknown, i: number): number =>
    ((((i % pixels) * 7919 + 104729 * golden.seed[Math.floor(i / pixels)]!) % 65521) / 65521) * 2 - 1;
  return float32([batch, 3, size, size], Array.from({ length: batch * pixels }, value));
}

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[]): Tensor {
  const { seed, low, high } = golden.head;
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

/** What is fed at the boundary: the frozen part runs once, in ONNX Runtime. */
async function atBoundary({ graph, card }: Backbone, { boundary }: PhaseCut): Promise<Tensor> {
  const images = pictures(card.preprocessing.size);
  if (boundary === card.input) return images;
  const program = await (await openEngine("onnxruntime")).prepare(cut(graph, [boundary]).prefix);
  const results = await program.run({ [card.input]: images });
  await program.release();
  return results[boundary]!;
}

async function losses(engine: Engine, backbone: Backbone, mode: "last" | "full", steps: number): Promise<number[]> {
  const strategy = mode === "full" ? full() : last({ groups: 6 });
  const phase = cutForPhase(backbone, strategy.plan(backbone.groups, {}).phases[0]!);
  const head = linear() as Head;
  const targets = { classes: Array.from({ length: golden.classes }, (_, k) => `class ${k}`) };
  const { suffix } = cut(backbone.graph, [phase.boundary]);
  const headed = attachHead(suffix, backbone.card.features, head, targets, seededRandom(0));
  const initializers = new Map(headed.graph.initializers);
  initializers.set("head.weight", recipe(initializers.get("head.weight")!.dims));
  const optimizer = optimizers.adamw({ weightDecay: golden.weightDecay });
  const step = trainingStep({
    headed: { ...headed, graph: { ...headed.graph, initializers } },
    head,
    targets,
    rates: phase.rates,
    normalization: "frozen",
    optimizer,
    batch,
  });
  const spec = { head, targets, optimizer };
  const inputs = { [phase.boundary]: await atBoundary(backbone, phase) };
  const batchOfAll = { inputs, targets: golden.labels, rate: golden.rate };
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const found: number[] = [];
  try {
    for (let i = 1; i <= steps; i++) {
      const results = await program.run(stepFeed(spec, { ...batchOfAll, step: i }), [LOSS]);
      found.push(results[LOSS]!.data[0] as number);
    }
  } finally {
    await program.release();
  }
  return found;
}

const probes = await probeEngines();
let backbone: Backbone;
beforeAll(async () => {
  backbone = await efficientnetLite0().load();
});

describe.each(engineNames)("%s fine-tunes EfficientNet-Lite0 as PyTorch does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  for (const run of golden.runs) {
    const steps = STEPS[name]?.[run.mode] ?? 1;
    it.skipIf(steps === 0)(`${run.mode}, ${steps} steps`, async () => {
      const found = await losses(await openEngine(name), backbone, run.mode, steps);
      const off = found.map((loss, i) => Math.abs(loss / run.losses[i]! - 1));
      expect(off).toHaveLength(steps);
      expect(Math.max(...off)).toBeLessThan(golden.tolerance);
    });
  }
});
