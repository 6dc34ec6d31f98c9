import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { catalogue, type FileCard, onnxFile } from "@graft-ml/backbones/sources";
import type { BackboneSource, TextPreprocessing } from "@graft-ml/core";
import { loadTokenizer } from "@graft-ml/data";
import { frozen, last } from "@graft-ml/freezing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../load.ts";
import { transfer } from "../transfer.ts";

// Files and expected values: tools/golden/text_backbones.py, small random models in the layouts of hubs.

interface Golden {
  readonly texts: readonly string[];
  readonly padId: number;
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
}

const LAYOUTS = { "bert-base": "bert", distilbert: "distilbert", gpt2: "gpt2", "clip-vit-b32-text": "clip-text" };
const golden = (file: string, ending: string): Promise<Buffer> =>
  readFile(new URL(`../../../backbones/golden/texts/${file}.${ending}`, import.meta.url));

let folder: string;
let reviews: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-layouts-"));
  for (const [id, file] of Object.entries(LAYOUTS)) {
    await mkdir(join(folder, id));
    await writeFile(join(folder, id, "model.onnx"), gunzipSync(await golden(file, "onnx.gz")));
    await writeFile(join(folder, id, "tokenizer.json"), await golden(file, "tokenizer.json"));
  }
  reviews = join(folder, "reviews.csv");
  const words = { good: ["good", "the bird", "sat on the mat"], dull: ["a dull film", "don't look", "they sit"] };
  const rows = Object.entries(words).flatMap(([label, parts]) =>
    Array.from({ length: 24 }, (_, i) => `"${parts[i % 3]} ${"and the cat ".repeat(i % 4)}${i}",${label}`),
  );
  await writeFile(reviews, `text,label\n${rows.join("\n")}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The file as the catalogue's card of its layout takes it. */
async function open(id: string, file: string): Promise<BackboneSource<TextPreprocessing>> {
  const { preprocessing, features, lastHidden } = catalogue.get(id)!;
  const { padId } = JSON.parse(String(await golden(file, "json"))) as Golden;
  const card = { id, preprocessing: { ...preprocessing, maxTokens: 32, padId } } as FileCard;
  const ending = { ...(features !== undefined && { features }), ...(lastHidden !== undefined && { lastHidden }) };
  return onnxFile<TextPreprocessing>(join(folder, id, "model.onnx"), card, ending);
}

describe.each(Object.entries(LAYOUTS))("texts on the layout of %s", (id, file) => {
  it("are cut as Python cuts them", async () => {
    const { card, tokenizer } = await (await open(id, file)).load();
    const { texts, inputIds, attentionMask } = JSON.parse(String(await golden(file, "json"))) as Golden;
    const { ids } = await (await loadTokenizer(tokenizer!)).tokenize(texts, card.preprocessing);
    const expected = inputIds.map((row, i) => row.slice(0, attentionMask[i]!.filter(Boolean).length));
    expect(ids.map((row) => Array.from(row))).toEqual(expected);
  });

  it.each([
    ["frozen", frozen],
    ["last", () => last({ groups: 2 })],
  ] as const)("are learned from, %s, and the bundle answers alone", { timeout: 60_000 }, async (name, freezing) => {
    const result = await transfer({
      data: reviews,
      backbone: await open(id, file),
      freezing: freezing(),
      cache: join(folder, "cache"),
      seed: 1,
      ...(name === "last" && { epochs: 2, batch: 8, patience: 0, engine: "onnxruntime" }),
    });
    expect(result.summary).toMatchObject({ backbone: id, freezing: name });
    if (name === "last") expect(result.summary.groups.trained).toBe(2);
    const bundle = await result.save(join(folder, `${id}-${name}`));
    await result.release();
    expect((await readFile(join(bundle, "tokenizer.json"))).equals(await golden(file, "tokenizer.json"))).toBe(true);
    const model = await load(bundle);
    const [answer] = await model.predict(["the bird sat on the mat"]);
    await model.release();
    expect(Object.keys(answer!.scores)).toEqual(["dull", "good"]);
  });
});
