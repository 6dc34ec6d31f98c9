import { float32, seededRandom, sizeOf, type Tensor } from "@graft-ml/core";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "./available.fixture.ts";
import { tfjsEngine } from "./engine.ts";
import { looseBuilder } from "./loose-builder.fixture.ts";

interface ConvCase {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly group: number;
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

const grid: readonly ConvCase[] = [
  { filter: [6, 4, 3, 3] as const, group: 1 },
  { filter: [6, 4, 1, 1] as const, group: 1 },
  { filter: [5, 4, 2, 3] as const, group: 1 },
  { filter: [6, 2, 3, 3] as const, group: 2 },
  { filter: [4, 1, 3, 3] as const, group: 4 },
  { filter: [8, 1, 3, 3] as const, group: 4 },
  { filter: [4, 1, 5, 4] as const, group: 4 },
].flatMap(({ filter, group }) =>
  [
    { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] },
    { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
    { strides: [2, 2], pads: [1, 1, 1, 1], dilations: [1, 1] },
    { strides: [2, 2], pads: [0, 0, 1, 1], dilations: [1, 1] },
    { strides: [2, 1], pads: [2, 0, 1, 2], dilations: [1, 1] },
    { strides: [1, 1], pads: [2, 1, 2, 2], dilations: [2, 2] },
    { strides: [3, 3], pads: [1, 0, 2, 1], dilations: [1, 2] },
  ].map((window) => ({ x: [2, 4, 9, 8], w: filter, group, ...window }) as unknown as ConvCase),
);

/** Calls back for every product of a pixel and a weight that a convolution adds to an output. */
function products(c: ConvCase, visit: (x: number, w: number, y: number) => void): readonly number[] {
  const [batch, channels, height, width] = c.x;
  const [outputs, depth, kh, kw] = c.w;
  const size = (input: number, k: number, i: 0 | 1) =>
    Math.floor((input + c.pads[i] + c.pads[i + 2]! - (k - 1) * c.dilations[i] - 1) / c.strides[i]) + 1;
  const [oh, ow] = [size(height, kh, 0), size(width, kw, 1)];
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < outputs; m++)
      for (let i = 0; i < oh; i++)
        for (let j = 0; j < ow; j++)
          for (let d = 0; d < depth; d++)
            for (let u = 0; u < kh; u++)
              for (let v = 0; v < kw; v++) {
                const row = i * c.strides[0] + u * c.dilations[0] - c.pads[0];
                const column = j * c.strides[1] + v * c.dilations[1] - c.pads[1];
                if (row < 0 || column < 0 || row >= height || column >= width) continue;
                const channel = Math.floor(m / (outputs / c.group)) * depth + d;
                visit(
                  ((n * channels + channel) * height + row) * width + column,
                  ((m * depth + d) * kh + u) * kw + v,
                  ((n * outputs + m) * oh + i) * ow + j,
                );
              }
  return [batch, outputs, oh, ow];
}

function random(dims: readonly number[], seed: string): Tensor {
  const stream = seededRandom(seed);
  return float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => stream.normal()),
  );
}

onEachBackend("gradient primitives", (backend) => {
  let engine: Awaited<ReturnType<typeof tfjsEngine>>;
  beforeAll(async () => {
    engine = await tfjsEngine({ backend });
  });

  it.each(grid)(
    "Conv, ConvGradInput, ConvGradFilter of $w in $group groups, strides $strides, pads $pads, dilations $dilations",
    async (c) => {
      const [x, w] = [random(c.x, "x"), random(c.w, "w")];
      const y = products(c, () => undefined);
      const dy = random(y, "dy");
      const expected = {
        y: new Float64Array(sizeOf(y)),
        dx: new Float64Array(sizeOf(c.x)),
        dw: new Float64Array(sizeOf(c.w)),
      };
      products(c, (i, j, k) => {
        expected.y[k]! += Number(x.data[i]) * Number(w.data[j]);
        expected.dx[i]! += Number(dy.data[k]) * Number(w.data[j]);
        expected.dw[j]! += Number(dy.data[k]) * Number(x.data[i]);
      });

      const g = looseBuilder();
      const [vx, vw, vdy] = [g.input("x", "float32", c.x), g.input("w", "float32", c.w), g.input("dy", "float32", y)];
      const { group, strides, pads, dilations } = c;
      const attributes = { group, strides, pads, dilations };
      const outputs = [
        g.op("Conv", [vx, vw], attributes),
        g.op("ConvGradInput", [vdy, vw], { ...attributes, shape: c.x }, "ai.graft"),
        g.op("ConvGradFilter", [vx, vdy], { ...attributes, shape: c.w }, "ai.graft"),
      ];
      const program = await engine.prepare(g.finish(outputs));
      const results = await program.run({ x, w, dy });
      await program.release();
      [expected.y, expected.dx, expected.dw].forEach((numbers, i) => {
        const { data, dims } = results[outputs[i]!.name]!;
        expect(dims).toEqual([y, c.x, c.w][i]);
        const worst = numbers.reduce((most, n, k) => Math.max(most, Math.abs(n - Number(data[k]))), 0);
        expect(worst).toBeLessThan(1e-4);
      });
    },
  );

  it.each([
    [0, 6],
    [0, Number.POSITIVE_INFINITY],
    [-1, 2],
    [Number.NEGATIVE_INFINITY, 1],
  ])("ClipGrad in (%d, %d)", async (min, max) => {
    const dims = [2, 3, 4, 5];
    const [raw, dy] = [random(dims, "y"), random(dims, "dy")];
    const y = float32(
      dims,
      Array.from(raw.data as Float32Array, (n) => Math.min(Math.max(n * 4, min), max)),
    );
    const g = looseBuilder();
    const out = g.op(
      "ClipGrad",
      [g.input("dy", "float32", dims), g.input("y", "float32", dims)],
      { min: { float: min }, max: { float: max } },
      "ai.graft",
    );
    const program = await engine.prepare(g.finish([out]));
    const { [out.name]: result } = await program.run({ dy, y });
    await program.release();
    const expected = Array.from(dy.data as Float32Array, (n, i) => (y.data[i]! > min && y.data[i]! < max ? n : 0));
    expect(Array.from(result!.data as Float32Array, (n) => n + 0)).toEqual(expected);
  });
});
