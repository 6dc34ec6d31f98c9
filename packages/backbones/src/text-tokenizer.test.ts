import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TextPreprocessing } from "@graft-ml/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileCard } from "./source-assemble.ts";
import { type OnnxFileOptions, onnxFile } from "./source-file.ts";
import { tinyBert } from "./tiny-models.fixture.ts";

const TOKENIZER = fileURLToPath(new URL("../golden/texts/bert.tokenizer.json", import.meta.url));
const TEXTS = {
  preprocessing: { tokenizer: "wordpiece", maxTokens: 16, padId: 0, mask: "attention_mask", pooling: "mean" },
} satisfies FileCard;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-tokenizer-"));
  await writeFile(join(folder, "net.onnx"), tinyBert());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (card: FileCard, options: OnnxFileOptions) => onnxFile(join(folder, "net.onnx"), card, options);

describe("the tokenizer of a file of texts", () => {
  const tokenizer = readFileSync(TOKENIZER);
  const sha256 = createHash("sha256").update(tokenizer).digest("hex");
  const KNOWN = { preprocessing: { pooling: "cls", maxTokens: 16 } } satisfies FileCard;
  const model = async (...path: string[]): Promise<string> => {
    const file = join(folder, ...path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, tinyBert());
    return file;
  };

  it.each([
    ["beside it", ["beside", "net.onnx"], ["beside", "tokenizer.json"]],
    ["above its folder onnx", ["hub", "onnx", "net.onnx"], ["hub", "tokenizer.json"]],
  ])("is found %s, and says its kind and its padding", async (_, at, beside) => {
    const path = await model(...at);
    await writeFile(join(folder, ...beside), tokenizer);
    const backbone = await onnxFile<TextPreprocessing>(path, KNOWN).load();
    expect(backbone.tokenizer).toEqual(pathToFileURL(join(folder, ...beside)));
    expect(backbone.card.preprocessing).toEqual({
      tokenizer: "wordpiece",
      tokenizerSha256: sha256,
      maxTokens: 16,
      padId: 0,
      mask: "attention_mask",
      pooling: "cls",
    });
  });

  it("is looked for nowhere else, and may be missing", async () => {
    const path = await model("alone", "net.onnx");
    await writeFile(join(folder, "tokenizer.json"), tokenizer);
    expect(await onnxFile(path, TEXTS).load()).not.toHaveProperty("tokenizer");
    await rm(join(folder, "tokenizer.json"));
  });

  it.each([
    ["no JSON", "{", "{FILE} is no valid JSON. Get the file again"],
    ["a number", "7", "{FILE} holds no tokenizer. Get the file again"],
    [
      "words by number",
      '{"model":{"type":"WordLevel"}}',
      'expected a tokenizer of wordpiece, bpe, unigram in {FILE}; received "WordLevel"',
    ],
    [
      "another kind than the card's",
      '{"model":{"type":"BPE"}}',
      "expected a wordpiece tokenizer; {FILE} is bpe. Correct the card",
    ],
  ])("is refused where it is %s", async (_, text, message) => {
    const file = join(folder, "odd.json");
    await writeFile(file, text);
    await expect(open(TEXTS, { tokenizer: file }).load()).rejects.toThrow(
      `[backbones/net] ${message.replace("{FILE}", file)}`,
    );
  });

  it("is refused with another hash, or where there is none", async () => {
    const preprocessing = { ...TEXTS.preprocessing, tokenizerSha256: "0".repeat(64) };
    await expect(open({ ...TEXTS, preprocessing }, { tokenizer: TOKENIZER }).load()).rejects.toThrow(
      `[backbones/net] expected ${TOKENIZER} with sha256 ${"0".repeat(64)}; received ${sha256}. Get the file again`,
    );
    const nowhere = join(folder, "nowhere.json");
    await expect(open(TEXTS, { tokenizer: nowhere }).load()).rejects.toThrow(
      `[backbones/net] cannot read the tokenizer ${nowhere}: there is no such file. Check the path`,
    );
  });
});
