import { type Engine, float32, int64, type Tensors } from "@graft-ml/core";
import { graphBuilder, reduceSum } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { inMemory, type SampleBatch, type SampleSource } from "@graft-ml/trainers";
import { beforeAll, describe, expect, test } from "vitest";
import { type RecutWork, recutSize, recutSource } from "./recut-source.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("onnxruntime");
});

const lengths = [3, 1, 4, 2];
const WIDTH = 2;
/** Vector `t` of sequence `i`. */
const vector = (i: number, t: number): number[] => [i + t / 10, i - t / 10];

/** Sequences of vectors with a mask, padded with numbers that must not come through. */
const sequences: SampleSource<number> = {
  length: lengths.length,
  targets: [0, 1, 0, 1],
  lengths,
  paddings: [2, 4],
  async feed({ indices, tokens = Math.max(...indices.map((i) => lengths[i]!)) }: SampleBatch): Promise<Tensors> {
    const places = indices.flatMap((i) => Array.from({ length: tokens }, (_, t) => ({ i, t, real: t < lengths[i]! })));
    return {
      x: float32(
        [indices.length, tokens, WIDTH],
        places.flatMap(({ i, t, real }) => (real ? vector(i, t) : [99, 99])),
      ),
      mask: int64(
        [indices.length, tokens],
        places.map(({ real }) => (real ? 1 : 0)),
      ),
    };
  },
};

function work(pooled: boolean): RecutWork {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", "tokens", WIDTH]);
  const doubled = g.op("Mul", [x, g.scalar(2)]);
  if (!pooled) {
    const stretch = g.finish([g.name(doubled, "y")]);
    return { engine, stretch, boundary: "y", kept: ["mask"], dims: ["batch", "tokens", WIDTH] };
  }
  const mask = g.input("mask", "int64", ["batch", "tokens"]);
  const column = g.op("Unsqueeze", [g.op("Cast", [mask], { to: 1 }), g.ints([2])]);
  const stretch = g.finish([g.name(reduceSum(g, g.op("Mul", [doubled, column]), [1], false), "y")]);
  return { engine, stretch, boundary: "y", kept: [], dims: ["batch", WIDTH] };
}

describe("sequences that are re-cut", () => {
  test("stay sequences, padded anew to any length, with what the layers above read besides", async () => {
    const source = recutSource(sequences, work(false));
    expect([source.lengths, source.paddings]).toEqual([lengths, [2, 4]]);
    expect(recutSize(sequences, ["batch", "tokens", WIDTH])).toBe(4 * 10 * WIDTH);
    const { y, mask } = await source.feed({ indices: [3, 1, 3], tokens: 4 });
    const zeros = [0, 0];
    const twice = (i: number, t: number): number[] => vector(i, t).map((value) => 2 * value);
    const three = [...twice(3, 0), ...twice(3, 1), ...zeros, ...zeros];
    expect(y!.dims).toEqual([3, 4, WIDTH]);
    expect([...(y!.data as Float32Array)]).toEqual(
      [...three, ...twice(1, 0), ...zeros, ...zeros, ...zeros, ...three].map(Math.fround),
    );
    expect([mask!.dims, [...(mask!.data as BigInt64Array)].map(Number)]).toEqual([
      [3, 4],
      [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0],
    ]);
    expect((await source.feed({ indices: [1, 3] })).y!.dims).toEqual([2, 2, WIDTH]);
  });

  test("become one row a sample where they are pooled: there are no lengths any more", async () => {
    const source = recutSource(sequences, work(true));
    expect([source.lengths, source.paddings]).toEqual([undefined, undefined]);
    const found = await source.feed({ indices: [2, 0] });
    expect(Object.keys(found)).toEqual(["y"]);
    const sum = (i: number, k: number): number =>
      Array.from({ length: lengths[i]! }, (_, t) => 2 * vector(i, t)[k]!).reduce((a, b) => a + b, 0);
    const expected = [sum(2, 0), sum(2, 1), sum(0, 0), sum(0, 1)];
    for (const [i, value] of (found.y!.data as Float32Array).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  });
});

test("every kept view is re-cut, and an epoch draws the one that the samples draw", async () => {
  const rows = inMemory("x", float32([6, WIDTH], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]), [0, 0, 0, 0, 0, 0]);
  const drawn = (index: number, epoch: number): number => (index + epoch) % 2;
  const viewed: SampleSource<number> = {
    length: 3,
    targets: [0, 1, 2],
    views: 2,
    drawn,
    feed: ({ indices, view = 0 }) => rows.feed({ indices: indices.map((index) => 2 * index + view) }),
  };
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", WIDTH]);
  const stretch = g.finish([g.name(g.op("Add", [x, g.scalar(0.5)]), "y")]);
  const dims = ["batch", WIDTH];
  const source = recutSource(viewed, { engine, stretch, boundary: "y", kept: [], dims });
  expect(recutSize(viewed, dims)).toBe(4 * 6 * WIDTH);
  const firsts = async (batch: SampleBatch): Promise<number[]> => {
    const data = (await source.feed(batch)).y!.data as Float32Array;
    return batch.indices.map((_, i) => data[i * WIDTH]!);
  };
  const indices = [0, 1, 2];
  expect(await firsts({ indices })).toEqual([0.5, 20.5, 40.5]);
  expect(await firsts({ indices, view: 1 })).toEqual([10.5, 30.5, 50.5]);
  expect(await firsts({ indices, epoch: 0 })).toEqual([0.5, 30.5, 40.5]);
  expect(await firsts({ indices, epoch: 1 })).toEqual([10.5, 20.5, 50.5]);
  expect(source.views).toBe(2);
});
