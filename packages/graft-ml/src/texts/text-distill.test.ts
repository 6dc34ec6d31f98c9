import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BackboneSource, Head, TextPreprocessing } from "@graft-ml/core";
import { tinyTextBackbone } from "@graft-ml/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Distillation, full, minilmL6, mlp, type TransferResult, transfer } from "../index.ts";
import { sentences, textsTable } from "./texts.fixture.ts";

const ROWS = sentences(16);
const SWAPPED: Readonly<Record<string, string>> = { food: "travel", travel: "food" };

let scratch: string;
let truth: string;
let teacher: string;
let pupil: BackboneSource<TextPreprocessing>;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-text-distill-"));
  truth = await textsTable(ROWS);
  // The teacher has learned the opposite: what the pupil answers says whom it learned from.
  const lies = await textsTable(ROWS.map(([text, label]) => [text, SWAPPED[label]!]));
  const taught = await transfer({ data: lies, cache: join(scratch, "cache"), seed: 3 });
  teacher = await taught.save(join(scratch, "teacher"));
  await taught.release();
  await rm(dirname(lies), { recursive: true, force: true });
  const tokenizer = join(scratch, "tokenizer.json");
  await writeFile(tokenizer, JSON.stringify(words()));
  const backbone = tinyTextBackbone(1, pathToFileURL(tokenizer));
  pupil = { name: "tiny-text", summary: "", load: async () => backbone };
}, 60_000);
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
  await rm(dirname(truth), { recursive: true, force: true });
});

/** A tokenizer that knows the words of the sentences. */
function words(): unknown {
  const known = new Set(ROWS.flatMap(([text]) => text.toLowerCase().match(/[a-z]+|\d+|,/g)!));
  const vocab = Object.fromEntries(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ...known].map((word, id) => [word, id]));
  const special = (id: string): unknown => ({ SpecialToken: { id, type_id: 0 } });
  const token = (id: string): unknown => ({ id, ids: [vocab[id]], tokens: [id] });
  const sequence = (id: string): unknown => ({ Sequence: { id, type_id: 0 } });
  return {
    version: "1.0",
    decoder: null,
    added_tokens: [],
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special("[CLS]"), sequence("A"), special("[SEP]")],
      pair: [special("[CLS]"), sequence("A"), special("[SEP]"), sequence("B"), special("[SEP]")],
      special_tokens: { "[CLS]": token("[CLS]"), "[SEP]": token("[SEP]") },
    },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

async function learned(distill?: Distillation): Promise<TransferResult["summary"]> {
  const result = await transfer({
    data: truth,
    backbone: pupil,
    freezing: full(),
    head: mlp({ hidden: 6 }) as Head,
    epochs: 40,
    batch: 8,
    rate: 0.03,
    patience: 0,
    engine: "onnxruntime",
    cache: join(scratch, "cache"),
    seed: 3,
    ...(distill && { distill }),
  });
  await result.release();
  return result.summary;
}

it("a bundle of texts teaches a smaller model, which answers as it does where it counts for more than the labels", async () => {
  const [plain, taught] = [await learned(), await learned({ from: teacher, strength: 100, temperature: 1 })];
  expect(plain).toMatchObject({ backbone: "tiny-text", data: { kind: "texts" } });
  expect(plain.test.accuracy).toBeGreaterThan(0.8);
  expect(taught.train.method.regularizers).toBe("distill-logits");
  expect(taught.test.accuracy).toBeLessThan(0.2);
});

it("strength and temperature count", async () => {
  const one = await learned({ from: teacher, strength: 0.5 });
  const softer = await learned({ from: teacher, strength: 0.5, temperature: 8 });
  // So little that the labels win.
  expect((await learned({ from: teacher, strength: 0.01 })).test.accuracy).toBeGreaterThan(0.8);
  expect(softer.train.loss).not.toEqual(one.train.loss);
});

it("the features of a backbone of texts teach, each sentence its own", async () => {
  const summary = await learned({ from: minilmL6(), strength: 1 });
  const { loss, method } = summary.train;
  expect(method.regularizers).toBe("distill-features");
  expect(loss.at(-1)!).toBeLessThan(loss[0]!);
  expect(summary.test.accuracy).toBeGreaterThan(0.8);
});
