import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { efficientnetLite0, last, regularizers, type TransferOptions, transfer } from "./index.ts";
import { pictureFolder } from "./pictures.fixture.ts";

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
