import { type Engine, float32, type Head, int64, seededRandom, toNumbers } from "@graft-ml/core";
import { cut } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { tinyBackbone, tinyTextBackbone } from "@graft-ml/testing";
import {
  attachHead,
  fitRidge,
  inMemory,
  optimizers,
  plainBatches,
  type SampleSource,
  solvers,
  stepFeed,
  subset,
  trainingStep,
} from "@graft-ml/trainers";
import { beforeAll, describe, expect, it } from "vitest";
import { solveHead } from "../fit-head.ts";
import { withValues } from "../model.ts";
import { cutForPhase } from "../variables.ts";
import { pooledFeatures } from "./group-features.ts";
import { measureGradients } from "./group-gradients.ts";
import { groupWork } from "./group-work.ts";
import { measureGroups } from "./measure-groups.ts";

const backbone = tinyBackbone(3);
const { card, graph, groups } = backbone;
const targets = { classes: ["dark", "bright"] };
const head = linear() as Head;
const COUNT = 40;
const seed = 3;

/** Noise of 6×6 pixels, brighter in the second class. */
function pictures(): SampleSource<number> {
  const random = seededRandom(1);
  const labels = Array.from({ length: COUNT }, (_, i) => Number(i % 4 > 1));
  const data = Float32Array.from({ length: COUNT * 108 }, (_, o) => random.normal() + labels[Math.floor(o / 108)]! / 2);
  return inMemory("image", float32([COUNT, 3, 6, 6], data), labels);
}

const source = pictures();
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("onnxruntime");
});

describe("one pass", () => {
  it("gives the mean over places at the end of every group", async () => {
    const { values } = await pooledFeatures(backbone, source, engine);
    expect(values.map((each) => each.length / COUNT)).toEqual([4, 4, 4]);
    const { prefix } = cut(graph, [groups[0]!.boundary]);
    const program = await engine.prepare(prefix);
    const whole = await program.run(await source.feed({ indices: [5] }));
    await program.release();
    const plane = Array.from(toNumbers(whole[groups[0]!.boundary]!));
    const means = [0, 1, 2, 3].map((c) => plane.slice(c * 36, (c + 1) * 36).reduce((a, b) => a + b, 0) / 36);
    means.forEach((mean, c) => {
      expect(values[0]![5 * 4 + c]).toBeCloseTo(mean, 4);
    });
  });
});

describe("pull", () => {
  it("is the norm of the gradient that a training step descends, over that of the weights", async () => {
    const { values } = await pooledFeatures(backbone, source, engine);
    const found = await measureGradients(backbone, source, values.at(-1)!, head, targets, { engine, seed });

    // The same head, and its gradient as the way that one step of plain descent at rate 1 goes.
    const places = (which: number): number[] => [...source.targets.keys()].filter((i) => i % 2 === which);
    const rows = inMemory(card.features, float32([COUNT, 4], values.at(-1)!), source.targets);
    const atFeatures = { boundary: card.features, frozen: groups, trained: [], rates: {} };
    const solved = await solveHead(
      { backbone, cut: atFeatures, head, targets, train: subset(rows, places(0)), seed },
      solvers.logistic({ c: 1, folds: 0 }),
    );
    const judged = subset(source, places(1));
    const [batch] = plainBatches(judged, 16);
    const { rates } = cutForPhase(backbone, {
      groups: groups.map(({ name }) => ({ name, rate: 1 })),
      normalization: "frozen",
    });
    const drawn = attachHead(graph, card.features, head, targets, seededRandom(seed));
    const spec = {
      headed: { ...drawn, graph: withValues(drawn.graph, solved.values) },
      ...{ head, targets, rates, batch: 16, normalization: "frozen" as const },
      optimizer: optimizers.sgd({ momentum: 0, weightDecay: 0 }),
    };
    const step = trainingStep(spec);
    const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
    const inputs = await judged.feed(batch!);
    await program.run(
      stepFeed(spec, { inputs, targets: batch!.indices.map((i) => judged.targets[i]!), rate: 1, step: 1 }),
    );
    const after = await program.state();
    await program.release();
    groups.forEach(({ name }, i) => {
      const before = Array.from(toNumbers(graph.initializers.get(`${name}.conv.weight`)!));
      const next = Array.from(toNumbers(after[`${name}.conv.weight`]!));
      const length = (numbers: readonly number[]): number => Math.hypot(...numbers);
      expect(found.norms[i]! / (length(before.map((value, k) => value - next[k]!)) / length(before))).toBeCloseTo(1, 3);
    });
  });
});

describe("measures", () => {
  it("are one a group, in order, the same for a seed, with a probe that leaves each sample out", async () => {
    const options = { engine, seed, samples: COUNT };
    const first = await measureGroups(backbone, source, head, targets, options);
    const second = await measureGroups(backbone, source, head, targets, options);
    expect(first.map(({ name }) => name)).toEqual(groups.map(({ name }) => name));
    expect(second.map(({ probe, gradient }) => [probe, gradient])).toEqual(
      first.map(({ probe, gradient }) => [probe, gradient]),
    );

    const { values } = await pooledFeatures(backbone, source, engine);
    const { lambda } = fitRidge(values[2]!, source.targets, 2).details;
    const right = source.targets.filter((label, i) => {
      const others = [...source.targets.keys()].filter((k) => k !== i);
      const rows = Float32Array.from(others.flatMap((k) => [...values[2]!.subarray(4 * k, 4 * k + 4)]));
      const fit = fitRidge(
        rows,
        others.map((k) => source.targets[k]!),
        2,
        { grid: [lambda] },
      );
      const score = (k: number): number =>
        [0, 1, 2, 3].reduce((sum, j) => sum + values[2]![4 * i + j]! * fit.weight[2 * j + k]!, fit.bias[k]!);
      return score(label) >= score(1 - label);
    });
    expect(first[2]!.probe).toBeCloseTo(right.length / COUNT, 5);
    expect(first[2]!.probe).toBeGreaterThan(0.6);
  });

  it("give the pass to what is below a group, and an epoch to what is from it on", async () => {
    const measures = await measureGroups(backbone, source, head, targets, { engine, seed });
    const [work] = [groupWork(graph, groups)];
    expect(work.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    const epochs = measures.map(({ seconds }) => seconds.epoch);
    expect(epochs[1]! / epochs[0]!).toBeCloseTo(1 - work[0]!, 6);
    expect(measures[0]!.seconds.pass).toBe(0);
    expect(measures[2]!.seconds.pass).toBeGreaterThan(measures[1]!.seconds.pass);
  });

  it("look at a balanced part where there are more samples", async () => {
    const seen: number[] = [];
    const watched = {
      ...source,
      feed: (batch: Parameters<typeof source.feed>[0]) => {
        seen.push(...batch.indices);
        return source.feed(batch);
      },
    };
    await measureGroups(backbone, watched, head, targets, { engine, seed, samples: 12 });
    const places = [...new Set(seen)];
    expect(places).toHaveLength(12);
    expect(places.filter((i) => source.targets[i] === 1)).toHaveLength(6);
  });
});

describe("texts", () => {
  const texts = tinyTextBackbone(2);
  const labels = Array.from({ length: 24 }, (_, i) => i % 2);
  const lengths = labels.map((_, i) => 2 + (i % 5));
  const word = (i: number, token: number): number => 2 * ((7 * i + 3 * token) % 400) + labels[i]!;
  /** Words of one class have even numbers; `more` adds padding to every batch. */
  const sentences = (more: number): SampleSource<number> => ({
    length: labels.length,
    targets: labels,
    lengths,
    async feed({ indices, tokens = 6 }) {
      const width = tokens + more;
      const rows = (of: (i: number, token: number) => number): number[] =>
        indices.flatMap((i) => Array.from({ length: width }, (_, token) => (token < lengths[i]! ? of(i, token) : 0)));
      return {
        ids: int64([indices.length, width], rows(word)),
        present: int64(
          [indices.length, width],
          rows(() => 1),
        ),
      };
    },
  });

  it("are averaged over the tokens that there are", async () => {
    const [tight, loose] = [
      await pooledFeatures(texts, sentences(0), engine),
      await pooledFeatures(texts, sentences(3), engine),
    ];
    tight.values.forEach((values, group) => {
      values.forEach((value, i) => {
        expect(loose.values[group]![i]).toBeCloseTo(value, 5);
      });
    });
    const words = texts.graph.initializers.get("words.weight")!.data as Float32Array;
    const places = Array.from({ length: lengths[3]! }, (_, token) => word(3, token));
    const mean = places.reduce((sum, place) => sum + words[4 * place]!, 0) / places.length;
    expect(tight.values[0]![4 * 3]).toBeCloseTo(mean, 5);
  });

  it("are measured as pictures are", async () => {
    const measures = await measureGroups(texts, sentences(0), head, targets, { engine, seed });
    expect(measures.map(({ name }) => name)).toEqual(texts.groups.map(({ name }) => name));
    // The table of words is no kernel.
    expect(measures.map(({ gradient }) => gradient > 0)).toEqual([false, true, true]);
  });
});
