import { join } from "node:path";
import { type Backbone, fail, type TextPreprocessing } from "@graft-ml/core";
import {
  loadTokenizer,
  type TextDataset,
  type TextSample,
  type TextTokenizer,
  type TokenizedTexts,
} from "@graft-ml/data";
import { cut } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { paddingsFor, type SampleSource } from "@graft-ml/trainers";
import { augmentationsOf, viewsOf } from "../pictures/views.ts";
import type { TestSample } from "../summary.ts";
import type { Prepared, SampleSupply } from "../supply.ts";
import type { TransferOptions } from "../transfer.ts";
import { extractTexts } from "./text-features.ts";
import { type TextPart, tokenSource } from "./text-source.ts";
import { textValueSource } from "./text-values.ts";
import { drawingViews, viewedPart, withViews } from "./text-views.ts";
import { checkVocabulary } from "./text-vocabulary.ts";

/** The texts of a dataset at any boundary of a backbone. */
export interface TextSupply extends SampleSupply<TestSample> {
  /** Texts that were longer than the backbone takes, and lost their end. */
  truncated(): Promise<number>;
}

/** The tokenizer of a backbone of texts. */
export async function tokenizerOf({ card, graph, tokenizer }: Backbone<TextPreprocessing>): Promise<TextTokenizer> {
  if (tokenizer === undefined) {
    throw fail(
      "graft/transfer",
      `"${card.id}" has no tokenizer.json. Put it beside the model, or name it by the option tokenizer`,
    );
  }
  const loaded = await loadTokenizer(tokenizer);
  checkVocabulary("graft/transfer", `"${card.id}"`, graph, card.input, loaded);
  return loaded;
}

/** Gives a dataset's texts, cut into tokens once, at any boundary of a backbone. */
export function textSupply(
  options: Pick<TransferOptions, "cache" | "control" | "augmentation" | "views" | "seed">,
  dataset: TextDataset,
  backbone: Backbone<TextPreprocessing>,
  tokenizer: TextTokenizer,
): TextSupply {
  const { samples } = dataset;
  const { maxTokens } = backbone.card.preprocessing;
  const list = augmentationsOf("texts", options);
  const views = viewsOf(list, options);
  const hashes = samples.map(({ sha256 }) => sha256);
  let seconds = 0;
  let cutting: Promise<TokenizedTexts> | undefined;
  const tokenized = (): Promise<TokenizedTexts> => {
    cutting ??= (async () => {
      const started = performance.now();
      const texts = await tokenizer.tokenize(
        samples.map(({ text }) => text),
        {
          maxTokens,
          ...(samples.some(({ pair }) => pair !== undefined) && { pairs: samples.map(({ pair = "" }) => pair) }),
          ...(options.control && { control: options.control }),
        },
      );
      seconds = (performance.now() - started) / 1000;
      return texts;
    })();
    return cutting;
  };
  return {
    truncated: async () => (await tokenized()).truncated.length,
    async at(boundary) {
      const texts = await tokenized();
      const { card, graph } = backbone;
      const { seed = 0 } = options;
      const varied = list.length === 0 ? undefined : { list, vocabulary: tokenizer, seed, hashes };
      if (boundary === card.input)
        return parts(dataset, texts, async (part, split) =>
          tokenSource(card, part, split === "train" ? varied : undefined),
        );
      const trained = samples.flatMap(({ split }, place) => (split === "train" ? [place] : []));
      const viewed = views && withViews(texts, hashes, trained, views, tokenizer);
      const all = viewed ?? { texts, hashes };
      const extracted = await extractTexts(backbone, boundary, all.texts, all.hashes, {
        engine: await openEngine("onnxruntime"),
        tokenizer,
        ...(options.cache !== undefined && { cache: options.cache }),
        ...(options.control && { control: options.control }),
      });
      const { mask, padId } = card.preprocessing;
      const readsMask = cut(graph, [boundary]).suffix.inputs.some(({ name }) => name === mask);
      const values = { boundary, padId, ...(readsMask && { mask }) };
      const source = async (part: TextPart, split: TextSample["split"]): Promise<SampleSource<number>> => {
        if (viewed === undefined || split !== "train") return textValueSource(extracted, part, all.hashes, values);
        const rows = await textValueSource(extracted, viewedPart(part, viewed, views!.count), all.hashes, values);
        return drawingViews(rows, part, hashes, views!);
      };
      return {
        ...(await parts(dataset, texts, source)),
        extracted: { ...extracted, seconds: { decode: seconds, features: extracted.seconds.features } },
      };
    },
  };
}

async function parts(
  { folder, samples }: TextDataset,
  texts: TokenizedTexts,
  source: (part: TextPart, split: TextSample["split"]) => Promise<SampleSource<number>>,
): Promise<Prepared<TestSample>> {
  const placesOf = (split: TextSample["split"]): number[] =>
    samples.flatMap((sample, place) => (sample.split === split ? [place] : []));
  const lengths = texts.ids.map(({ length }) => length);
  // The same for all parts: a training prepares a program for each.
  const paddings = paddingsFor(lengths, { limit: texts.maxTokens });
  const part = (places: readonly number[], split: TextSample["split"]): Promise<SampleSource<number>> =>
    source({ texts, places, paddings, targets: places.map((place) => samples[place]!.label) }, split);
  const [test, validation] = [placesOf("test"), placesOf("validation")];
  return {
    train: await part(placesOf("train"), "train"),
    test: await part(test, "test"),
    testSamples: test.map((place) => {
      const { text, pair, relative } = samples[place]!;
      return { path: join(folder, relative), text, ...(pair !== undefined && { pair }) };
    }),
    ...(validation.length > 0 && { validation: await part(validation, "validation") }),
  };
}
