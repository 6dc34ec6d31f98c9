import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { efficientnetLite0, embed, minilmL6 } from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";
import { sentences, textsTable } from "./texts/texts.fixture.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-embed-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
const cache = () => join(scratch, "cache");

function cosine(values: Float32Array, width: number, a: number, b: number): number {
  const row = (i: number) => values.subarray(i * width, (i + 1) * width);
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  return dot(row(a), row(b)) / Math.sqrt(dot(row(a), row(a)) * dot(row(b), row(b)));
}

test("texts of a table and of lines: near in meaning, near as vectors; copies are made once", async () => {
  const file = join(scratch, "lines.txt");
  await writeFile(
    file,
    "A man is eating food.\nA man eats something.\nThe stock market fell today.\nA man is eating food.\n",
  );
  const { kind, backbone, values, dims, samples, cache: found } = await embed({ data: file, cache: cache() });
  expect([kind, backbone, dims]).toEqual(["texts", "minilm-l6", [4, 384]]);
  expect(samples.map(({ path }) => path)).toEqual([1, 2, 3, 4].map((line) => `lines.txt:${line}`));
  expect(found).toEqual({ hits: 1, misses: 3 });
  expect(cosine(values, 384, 0, 3)).toBeCloseTo(1, 6);
  expect(cosine(values, 384, 0, 1)).toBeGreaterThan(0.7);
  expect(cosine(values, 384, 0, 2)).toBeLessThan(0.2);

  const table = await textsTable([
    ["A man is eating food.", "a"],
    ["Yet another text", "b"],
  ]);
  const rows = await embed({ data: table, cache: cache() });
  expect(rows.cache).toEqual({ hits: 1, misses: 1 });
  expect(rows.values.subarray(0, 384)).toEqual(values.subarray(0, 384));
  expect(rows.samples[1]).toEqual({ path: "reviews.csv:3", text: "Yet another text" });
  await rm(dirname(table), { recursive: true });
});

test("pictures of any folder, those that cannot be decoded are told", async () => {
  const folder = await pictureFolder(2, ["disc", "square"]);
  await writeFile(join(folder, "bad.png"), "no picture");
  const { kind, dims, samples, skipped, values } = await embed({ data: folder, cache: cache() });
  expect([kind, dims]).toEqual(["pictures", [4, 1280]]);
  expect(samples.map(({ path }) => path.slice(-12))).toEqual(
    ["disc/0.png", "disc/1.png", "square/0.png", "square/1.png"].map((name) =>
      expect.stringContaining(name.slice(-10)),
    ),
  );
  expect(skipped).toHaveLength(1);
  expect(cosine(values, 1280, 0, 1)).toBeGreaterThan(cosine(values, 1280, 0, 2));
  await rm(folder, { recursive: true });
});

test("a backbone of the other kind", async () => {
  const table = await textsTable(sentences(1));
  await expect(embed({ data: table, backbone: efficientnetLite0() })).rejects.toThrow(
    `[graft/embed] "efficientnet-lite0" is a backbone of pictures; ${table} holds texts. Choose one of texts`,
  );
  await expect(embed({ data: scratch, backbone: minilmL6() })).rejects.toThrow(
    "holds pictures. Choose one of pictures",
  );
});
