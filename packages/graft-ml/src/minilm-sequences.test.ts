import { readFile } from "node:fs/promises";
import { minilmL6 } from "@graft-ml/backbones";
import {
  type Engine,
  float32,
  type Head,
  int64,
  seededRandom,
  sizeOf,
  type Tensor,
  type TextPreprocessing,
} from "@graft-ml/core";
import { cut } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import {
  attachHead,
  epochBatches,
  optimizers,
  paddingsFor,
  type SampleSource,
  schedules,
  train,
} from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";

// Expected values: tools/golden/minilm_sequences.py, the real network's last layers fine-tuned by PyTorch.

interface Golden {
  readonly tolerance: number;
  readonly head: { readonly seed: number; readonly low: number; readonly high: number };
  readonly inputIds: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly rate: number;
  readonly weightDecay: number;
  readonly batches: readonly (readonly number[])[];
  readonly losses: readonly number[];
}

const golden = JSON.parse(
  await readFile(new URL("../../trainers/golden/torch-minilm-sequences.json", import.meta.url), "utf8"),
) as Golden;
const [EPOCHS, BATCH, SEED, WIDTH] = [2, 4, 0, 384];
const { card, graph, groups } = await minilmL6().load();
const { mask } = card.preprocessing as TextPreprocessing;
const { boundary } = groups.find(({ name }) => name === "encoder.2")!;
const { prefix, suffix } = cut(graph, [boundary]);
const lengths = golden.inputIds.map((ids) => ids.length);
const paddings = paddingsFor(lengths, { most: 3, limit: card.preprocessing.maxTokens });

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[]): Tensor {
  const { seed, low, high } = golden.head;
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

/** Hidden states at the boundary, computed once a sentence without any padding, and padded with zeros for each batch. */
async function cached(engine: Engine): Promise<SampleSource<number>> {
  const program = await engine.prepare(prefix);
  const states: Float32Array[] = [];
  for (const ids of golden.inputIds) {
    const feed = {
      [card.input]: int64([1, ids.length], ids),
      [mask]: int64([1, ids.length], new Array<number>(ids.length).fill(1)),
    };
    states.push((await program.run(feed))[boundary]!.data as Float32Array);
  }
  await program.release();
  return {
    length: lengths.length,
    targets: golden.labels,
    lengths,
    paddings,
    async feed({ indices, tokens = 0 }) {
      const hidden = new Float32Array(indices.length * tokens * WIDTH);
      const present = new Array<number>(indices.length * tokens).fill(0);
      for (const [row, index] of indices.entries()) {
        hidden.set(states[index]!, row * tokens * WIDTH);
        present.fill(1, row * tokens, row * tokens + lengths[index]!);
      }
      return {
        [boundary]: float32([indices.length, tokens, WIDTH], hidden),
        [mask]: int64([indices.length, tokens], present),
      };
    },
  };
}

async function losses(engine: Engine, epochs: number): Promise<readonly number[]> {
  const head = linear() as Head<number>;
  const targets = { classes: Array.from({ length: golden.classes }, (_, k) => `class ${k}`) };
  const headed = attachHead(suffix, card.features, head as Head, targets, seededRandom(0));
  const initializers = new Map(headed.graph.initializers);
  initializers.set("head.weight", recipe(initializers.get("head.weight")!.dims));
  const names = groups
    .slice(groups.findIndex(({ name }) => name === "encoder.3"))
    .flatMap((group) => group.initializers);
  const { steps } = await train({
    engine,
    headed: { ...headed, graph: { ...headed.graph, initializers } },
    head,
    targets,
    rates: Object.fromEntries(names.map((name) => [name, 1])),
    normalization: "frozen",
    optimizer: optimizers.adamw({ weightDecay: golden.weightDecay }),
    data: await cached(engine),
    epochs,
    batch: BATCH,
    rate: golden.rate,
    schedule: schedules.constant(),
    patience: epochs,
    seed: SEED,
  });
  return steps;
}

it("the batches are PyTorch's, of several paddings", () => {
  const random = seededRandom(SEED).fork("batches");
  const source = { length: lengths.length, lengths, paddings };
  const batches = Array.from({ length: EPOCHS }, () => epochBatches(source, BATCH, random)).flat();
  expect(batches.map(({ indices }) => indices)).toEqual(golden.batches);
  expect(new Set(batches.map(({ tokens }) => tokens)).size).toBe(3);
});

const probes = await probeEngines();

describe.each(engineNames)("%s fine-tunes MiniLM-L6 on sentences of different lengths as PyTorch does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it("from the cached boundary below its last three layers", async () => {
    // One thread computes on tfjs-wasm: an epoch shows every padding.
    const epochs = name === "tfjs-wasm" ? 1 : EPOCHS;
    const found = await losses(engine, epochs);
    const off = found.map((loss, i) => Math.abs(loss / golden.losses[i]! - 1));
    expect(off).toHaveLength((golden.batches.length * epochs) / EPOCHS);
    expect(Math.max(...off)).toBeLessThan(golden.tolerance);
  }, 120_000);
});
