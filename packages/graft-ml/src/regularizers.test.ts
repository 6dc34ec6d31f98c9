import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Head, RunEvent } from "@graft-ml/core";
import { tinyBackbone } from "@graft-ml/testing";
import type { PretrainedKnowledge, Regularizer } from "@graft-ml/trainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { efficientnetLite0, findRate, last, linear, regularizers, type TransferOptions, transfer } from "./index.ts";
import { informRegularizers } from "./inform-regularizers.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";
import { openSubject } from "./subject.ts";

// On the real network: batch normalisation is folded, names go, and shapes are those that people have.

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(5);
  scratch = await mkdtemp(join(tmpdir(), "graft-regularizers-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

const steps = async (options: Omit<TransferOptions, "data">): Promise<readonly number[]> => {
  const result = await transfer({
    data,
    cache: join(scratch, "cache"),
    freezing: last({ groups: 2 }),
    epochs: 2,
    batch: 6,
    patience: 0,
    rate: 1e-3,
    engine: "onnxruntime",
    ...options,
  });
  await result.release();
  return result.summary.train.method.steps as readonly number[];
};

it("regularisers work on EfficientNet-Lite0: nothing at first, then what the weights have moved", async () => {
  const { groups } = await efficientnetLite0().load();
  const maps = groups.slice(-2).map(({ boundary }) => boundary);
  const plain = await steps({});
  const pulled = await steps({ regularizers: [regularizers.l2Sp({ alpha: 10, beta: 0 })] });
  const held = await steps({ regularizers: [regularizers.delta({ maps, strength: 1 })] });
  for (const losses of [pulled, held]) {
    expect(losses[0]).toBeCloseTo(plain[0]!, 4);
    expect(losses.at(-1)!).not.toBeCloseTo(plain.at(-1)!, 5);
  }
  const shrunk = await steps({ regularizers: [regularizers.bss({ strength: 0.1 })] });
  expect(shrunk[0]!).toBeGreaterThan(plain[0]!);
  expect(shrunk.every(Number.isFinite)).toBe(true);
}, 120_000);

describe("what a regulariser has to know of the pretrained network", () => {
  it("co-tuning: the bundled network's own classifier, and what each class looks like to it", async () => {
    const options = { data, cache: join(scratch, "cache") };
    const subject = await openSubject(options);
    let found: Awaited<ReturnType<PretrainedKnowledge["classifier"]>> | undefined;
    const asks: Regularizer = {
      ...regularizers.bss(),
      async informed(knowledge) {
        found = await knowledge.classifier();
        return regularizers.bss();
      },
    };
    const targets = { classes: subject.dataset.classes };
    await informRegularizers({ ...options, regularizers: [asks] }, subject, linear() as Head, targets);
    expect(found!.relationship.map(({ length }) => length)).toEqual([1000, 1000, 1000]);
    const { relationship } = found!;
    for (const row of relationship) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
    // Discs, squares and stripes are no two alike to it.
    const tops = relationship.map((row) => row.indexOf(Math.max(...row)));
    expect(new Set(tops).size).toBe(3);

    // A batch holds all samples: the term is λ = 2.3 times the mean cross-entropy between what the class and what the sample looks like.
    const { train } = await subject.supply.at("features");
    const { features } = await train.feed({ indices: train.targets.map((_, i) => i) });
    const { weight, bias } = (await efficientnetLite0().load()).classifier!();
    const likely = (row: number): number[] => {
      const logits = Array.from({ length: 1000 }, (_, k) => {
        let sum = Number(bias.data[k]);
        for (let j = 0; j < 1280; j++)
          sum += Number(features!.data[row * 1280 + j]) * Number(weight.data[j * 1000 + k]);
        return sum;
      });
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return logits.map((logit) => Math.exp(logit) / total);
    };
    const each = train.targets.map((_, row) => likely(row));
    const means = targets.classes.map((_, label) => {
      const own = each.filter((_, row) => train.targets[row] === label);
      return own[0]!.map((_, k) => own.reduce((sum, row) => sum + row[k]!, 0) / own.length);
    });
    const terms = each.map(
      (row, i) => -means[train.targets[i]!]!.reduce((sum, p, k) => sum + p * Math.log(row[k]!), 0),
    );
    const expected = (2.3 * terms.reduce((sum, term) => sum + term, 0)) / terms.length;
    const whole = { epochs: 2, batch: terms.length };
    const [plain, tuned] = [await steps(whole), await steps({ ...whole, regularizers: [regularizers.coTuning()] })];
    expect(tuned[0]! - plain[0]!).toBeCloseTo(expected, 2);
    expect(tuned.every(Number.isFinite)).toBe(true);
  });

  it("delta: how much the channels matter, which its equal weights do not say", async () => {
    const alike = await steps({ regularizers: [regularizers.delta({ strength: 1 })] });
    const measured = await steps({ regularizers: [regularizers.delta({ strength: 1, attention: "measured" })] });
    expect(measured[0]).toBeCloseTo(alike[0]!, 4);
    expect(measured.at(-1)!).not.toBeCloseTo(alike.at(-1)!, 6);
    expect(measured.every(Number.isFinite)).toBe(true);
  });

  it("is the same for a training that was stopped and goes on", async () => {
    const checkpoint = join(scratch, "stopped.partial");
    for (const regularizer of [regularizers.coTuning(), regularizers.delta({ attention: "measured" })]) {
      const options = { regularizers: [regularizer], checkpoint, epochs: 3 };
      const whole = await steps(options);
      const stop = new AbortController();
      const onEvent = (event: RunEvent): void => {
        if (event.type === "progress" && event.stage === "train" && event.done === 4) stop.abort();
      };
      await expect(steps({ ...options, control: { signal: stop.signal, onEvent } })).rejects.toThrow("interrupted");
      const notices: string[] = [];
      const listen = (event: RunEvent): void => void (event.type === "notice" && notices.push(event.message));
      expect(await steps({ ...options, resume: true, control: { onEvent: listen } })).toEqual(whole);
      expect(notices).toEqual([expect.stringContaining("going on from")]);
    }
  }, 60_000);

  it("is found for a search of rates, too", async () => {
    const common = { data, cache: join(scratch, "cache"), engine: "onnxruntime", batch: 6, steps: 10 } as const;
    const plain = await findRate(common);
    const tuned = await findRate({ ...common, regularizers: [regularizers.coTuning()] });
    expect(tuned.losses[0]!).toBeGreaterThan(plain.losses[0]! + 1);
  });

  it("is refused where the backbone has no classifier", async () => {
    const tiny = { name: "tiny", summary: "", load: async () => tinyBackbone(3) };
    await expect(
      transfer({ data, backbone: tiny, cache: join(scratch, "cache"), regularizers: [regularizers.coTuning()] }),
    ).rejects.toThrow(
      '[graft/regularizers] "tiny" has no classifier of its own that is one affine layer on its features, and co-tuning trains that on. Take a backbone that has one, such as efficientnet-lite0, or another regularizer',
    );
  });
});
