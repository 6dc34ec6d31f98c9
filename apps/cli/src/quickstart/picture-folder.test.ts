import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { imageFolder } from "@graft-ml/data";
import { beforeAll, expect, it } from "vitest";
import { scratch } from "../io.fixture.ts";
import { EMOJI_CLASSES, EMOJI_SETS, type EmojiSet, readEmojiSet } from "./emoji-sets.ts";
import { fromScratch } from "./from-scratch.ts";
import { pictureFolder } from "./picture-folder.ts";

beforeAll(async () => {
  process.env.GRAFT_CACHE = await scratch();
});

it.each(EMOJI_SETS)("reads hundreds of emoji of the five classes from %s", async (name) => {
  const { emoji, licence } = await readEmojiSet(name);
  expect(licence).not.toBe("");
  for (const kind of EMOJI_CLASSES) expect(emoji.filter((one) => one.kind === kind).length).toBeGreaterThan(80);
  expect(new Set(emoji.map((one) => `${one.kind}/${one.name}`)).size).toBe(emoji.length);
});

it("draws two sets as an image folder once, and learns from its pixels", async () => {
  const few = async (name: string): Promise<EmojiSet> => {
    const set = await readEmojiSet(name);
    return { ...set, emoji: EMOJI_CLASSES.flatMap((kind) => set.emoji.filter((one) => one.kind === kind).slice(0, 6)) };
  };
  const [train, test] = [await few("noto"), await few("twemoji")];
  const folder = await pictureFolder(train, test, {});
  const dataset = await imageFolder(folder);
  expect(dataset.classes).toEqual([...EMOJI_CLASSES]);
  expect(dataset.samples.filter(({ split }) => split === "train")).toHaveLength(30);
  expect(dataset.samples.filter(({ split }) => split === "test")).toHaveLength(30);
  expect(dataset.skipped).toEqual([]);

  const drawn = (await stat(join(folder, "train"))).mtimeMs;
  expect(await pictureFolder(train, test, {})).toBe(folder);
  expect((await stat(join(folder, "train"))).mtimeMs).toBe(drawn);
  expect(await readdir(dirname(folder))).toHaveLength(1);

  const { report, right } = await fromScratch(dataset, 0, {});
  expect(report.samples).toBe(30);
  expect(right.size).toBe(Math.round(30 * report.accuracy));
});

it("leaves nothing half drawn when it is stopped", async () => {
  const set = await readEmojiSet("openmoji");
  await expect(pictureFolder(set, set, { signal: AbortSignal.abort() })).rejects.toThrow("interrupted");
  expect(
    (await readdir(join(process.env.GRAFT_CACHE!, "quickstart"))).filter((name) => name.endsWith(".graft-tmp")),
  ).toEqual([]);
});
