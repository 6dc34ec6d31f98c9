import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import {
  type Backbone,
  type BackboneSource,
  fail,
  type ImagePreprocessing,
  type Preprocessing,
  type RunControl,
  type TextPreprocessing,
} from "@graft-ml/core";
import {
  type ColumnNames,
  type DataKind,
  dataKind,
  type ImageSample,
  pictureList,
  type SkippedPath,
  type TableFormat,
  textLines,
  textList,
  textTable,
} from "@graft-ml/data";
import { openEngine } from "@graft-ml/runtime";
import { extractFeatures } from "./features.ts";
import { readRows } from "./stored-rows.ts";
import { defaultBackbone } from "./subject.ts";
import type { TestSample } from "./summary.ts";
import { extractTexts } from "./texts/text-features.ts";
import { tokenizerOf } from "./texts/text-supply.ts";

/** What is embedded, and by what. */
export interface EmbedOptions {
  /** Texts: a table, a `.txt` file of lines, or a folder that `transfer` takes. Pictures: a file, or a folder with any others in it. */
  readonly data: string;
  /** Columns of a table's texts, its encoding. Default: found. */
  readonly table?: Pick<ColumnNames, "text"> & TableFormat;
  /** One of the data's kind. Default: EfficientNet-Lite0 for pictures, MiniLM-L6 for texts. */
  readonly backbone?: BackboneSource<Preprocessing>;
  /** Cache folder. Default: `GRAFT_CACHE`, or the user's. */
  readonly cache?: string;
  readonly control?: RunControl;
}

/** Features of samples as a pretrained model sees them. */
export interface Embeddings {
  readonly kind: DataKind;
  readonly backbone: string;
  /** `[samples, dims]`, row by row, exact to half precision: what the cache keeps. */
  readonly values: Float32Array;
  readonly dims: readonly [samples: number, features: number];
  /** One a row. */
  readonly samples: readonly TestSample[];
  readonly skipped: readonly SkippedPath[];
  /** Rows found in the cache, and made. */
  readonly cache: { readonly hits: number; readonly misses: number };
  /** Texts that lost their end because the backbone takes no more tokens. */
  readonly truncated?: number;
}

const WHERE = "graft/embed";

/** Runs a pretrained model over texts or pictures and gives its features, from the cache as far as they are there. */
export async function embed(options: EmbedOptions): Promise<Embeddings> {
  const kind = await dataKind(options.data);
  const backbone = await (options.backbone ?? defaultBackbone(kind)).load();
  const { card } = backbone;
  const ofTexts = "tokenizer" in card.preprocessing;
  if (ofTexts !== (kind === "texts")) {
    throw fail(
      WHERE,
      `"${card.id}" is a backbone of ${ofTexts ? "texts" : "pictures"}; ${options.data} holds ${kind}. Choose one of ${kind}`,
    );
  }
  return ofTexts
    ? embedTexts(options, backbone as Backbone<TextPreprocessing>)
    : embedPictures(options, backbone as Backbone<ImagePreprocessing>);
}

async function embedTexts(options: EmbedOptions, backbone: Backbone<TextPreprocessing>): Promise<Embeddings> {
  const { card } = backbone;
  const { maxTokens, pooling } = card.preprocessing;
  if (pooling === "none")
    throw fail(
      WHERE,
      `"${card.id}" gives features of each token; expected those of a whole text. Choose a pooling such as mean`,
    );
  const { samples, skipped } = await readTexts(options);
  const tokenizer = await tokenizerOf(backbone);
  const control = options.control && { control: options.control };
  const pairs = samples.some(({ pair }) => pair !== undefined) && { pairs: samples.map(({ pair = "" }) => pair) };
  const texts = await tokenizer.tokenize(
    samples.map(({ text }) => text),
    { maxTokens, ...pairs, ...control },
  );
  const hashes = samples.map(({ sha256 }) => sha256);
  const extracted = await extractTexts(backbone, card.features, texts, hashes, {
    engine: await openEngine("onnxruntime"),
    tokenizer,
    ...(options.cache !== undefined && { cache: options.cache }),
    ...control,
  });
  const values = new Float32Array(samples.length * card.numFeatures);
  await readRows(extracted.spaceOf(1), hashes, values, WHERE);
  return {
    kind: "texts",
    backbone: card.id,
    values,
    dims: [samples.length, card.numFeatures],
    samples: samples.map(({ path, text, pair }) => ({ path, text, ...(pair !== undefined && { pair }) })),
    skipped,
    cache: { hits: extracted.hits, misses: extracted.misses },
    truncated: texts.truncated.length,
  };
}

interface ReadTexts {
  readonly samples: readonly (TestSample & { readonly text: string; readonly sha256: string })[];
  readonly skipped: readonly SkippedPath[];
}

async function readTexts({ data, table, control }: EmbedOptions): Promise<ReadTexts> {
  const watched = control && { control };
  const folder = await stat(data).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (folder) {
    const { samples, skipped, folder: root } = await textTable(data, { ...table, ...watched, test: 0 });
    return { samples: samples.map((sample) => ({ ...sample, path: join(root, sample.relative) })), skipped };
  }
  const lines = extname(data).toLowerCase() === ".txt";
  const { samples, skipped } = lines
    ? await textLines(data, { ...watched, ...(table?.encoding !== undefined && { encoding: table.encoding }) })
    : await textList(data, { ...table, ...watched });
  if (samples.length === 0)
    throw fail(WHERE, `expected texts in ${JSON.stringify(data)}; received none that can be used`);
  return { samples: samples.map((sample) => ({ ...sample, path: sample.relative })), skipped };
}

async function embedPictures(options: EmbedOptions, backbone: Backbone<ImagePreprocessing>): Promise<Embeddings> {
  const { card } = backbone;
  const { data, cache, control } = options;
  const { samples: found, skipped } = await pictureList(data, control && { control });
  const asked = found.map((sample): ImageSample => ({ ...sample, label: 0, split: "test" }));
  const extracted = await extractFeatures(backbone, card.features, asked, {
    engine: await openEngine("onnxruntime"),
    ...(cache !== undefined && { cache }),
    ...(control && { control }),
  });
  const failed = new Set(extracted.failed.map(({ sample }) => sample.sha256));
  const samples = asked.filter(({ sha256 }) => !failed.has(sha256));
  const values = new Float32Array(samples.length * card.numFeatures);
  await readRows(
    extracted.space,
    samples.map(({ sha256 }) => sha256),
    values,
    WHERE,
  );
  return {
    kind: "pictures",
    backbone: card.id,
    values,
    dims: [samples.length, card.numFeatures],
    samples: samples.map(({ path }) => ({ path })),
    skipped: [...skipped, ...extracted.failed.map(({ sample, reason }) => ({ path: sample.path, reason }))],
    cache: { hits: extracted.hits, misses: extracted.misses },
  };
}
