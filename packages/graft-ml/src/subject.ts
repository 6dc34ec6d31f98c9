import { readFile } from "node:fs/promises";
import { efficientnetLite0, minilmL6 } from "@graft-ml/backbones";
import {
  type Backbone,
  type BackboneSource,
  fail,
  type Graph,
  type ImagePreprocessing,
  type Preprocessing,
  type TextPreprocessing,
} from "@graft-ml/core";
import { type DataKind, dataKind, type ImageDataset, imageFolder, type TextDataset, textTable } from "@graft-ml/data";
import type { Classifier } from "./classifier.ts";
import { pictureModel } from "./pictures/picture-model.ts";
import { pictureSupply } from "./pictures/picture-supply.ts";
import type { TestSample } from "./summary.ts";
import type { SampleSupply } from "./supply.ts";
import { textModel } from "./texts/text-model.ts";
import { textSupply, tokenizerOf } from "./texts/text-supply.ts";
import type { TransferOptions } from "./transfer.ts";

/** Data of one kind and a backbone of the same kind, with all that is done differently for each. */
export interface Subject {
  readonly kind: DataKind;
  readonly dataset: ImageDataset | TextDataset;
  readonly backbone: Backbone<Preprocessing>;
  readonly supply: SampleSupply<TestSample>;
  /** Answers with a whole model. */
  classifier(model: Graph): Classifier;
  /** The bytes of the `tokenizer.json` that a bundle of texts needs. */
  readonly tokenizer?: Uint8Array;
  /** Samples that lost their end because the backbone takes no more. */
  truncated?(): Promise<number>;
}

const WHERE = "graft/transfer";

/** Reads the data and loads the backbone, which is the default of the data's kind where none is given. */
export async function openSubject(options: TransferOptions): Promise<Subject> {
  const dataset = await readData(options);
  const kind = kindOf(dataset);
  const backbone = await (options.backbone ?? defaultBackbone(kind)).load();
  return "tokenizer" in backbone.card.preprocessing
    ? textSubject(options, asTexts(dataset, backbone), backbone as Backbone<TextPreprocessing>)
    : pictureSubject(options, asPictures(dataset, backbone), backbone as Backbone<ImagePreprocessing>);
}

/** What is transferred from where nobody says: a small model whose weights come with the packages. */
export function defaultBackbone(kind: DataKind): BackboneSource<Preprocessing> {
  return kind === "texts" ? minilmL6() : efficientnetLite0();
}

/** What a dataset that was read holds. */
export function kindOf(dataset: ImageDataset | TextDataset): DataKind {
  return isTexts(dataset) ? "texts" : "pictures";
}

function isTexts(dataset: ImageDataset | TextDataset): dataset is TextDataset {
  const [first] = dataset.samples;
  return first !== undefined && "text" in first;
}

function asTexts(dataset: ImageDataset | TextDataset, { card }: Backbone<Preprocessing>): TextDataset {
  if (isTexts(dataset)) return dataset;
  throw fail(
    WHERE,
    `"${card.id}" is a backbone of texts; ${dataset.folder} holds pictures. Choose one of pictures, such as efficientnet-lite0`,
  );
}

function asPictures(dataset: ImageDataset | TextDataset, { card }: Backbone<Preprocessing>): ImageDataset {
  if (!isTexts(dataset)) return dataset;
  throw fail(
    WHERE,
    `"${card.id}" is a backbone of pictures; ${dataset.folder} holds texts. Choose one of texts, such as minilm-l6`,
  );
}

function pictureSubject(
  options: TransferOptions,
  dataset: ImageDataset,
  backbone: Backbone<ImagePreprocessing>,
): Subject {
  return {
    kind: "pictures",
    dataset,
    backbone,
    supply: pictureSupply(options, dataset, backbone),
    classifier: (model) => pictureModel(model, backbone.card, dataset.classes),
  };
}

async function textSubject(
  options: TransferOptions,
  dataset: TextDataset,
  backbone: Backbone<TextPreprocessing>,
): Promise<Subject> {
  const { card } = backbone;
  if (card.preprocessing.pooling === "none") {
    throw fail(
      WHERE,
      `"${card.id}" gives features of each token; expected those of a whole text. Choose a pooling such as mean`,
    );
  }
  const tokenizer = await tokenizerOf(backbone);
  const supply = textSupply(options, dataset, backbone, tokenizer);
  return {
    kind: "texts",
    dataset,
    backbone,
    supply,
    classifier: (model) => textModel(model, card, dataset.classes, tokenizer),
    tokenizer: await readFile(backbone.tokenizer!),
    truncated: () => supply.truncated(),
  };
}

async function readData(options: TransferOptions): Promise<ImageDataset | TextDataset> {
  if (typeof options.data !== "string") return options.data;
  const { data, seed, test, strict, control, table } = options;
  const reading = {
    ...(seed !== undefined && { seed }),
    ...(test !== undefined && { test }),
    ...(strict !== undefined && { strict }),
    ...(control && { control }),
  };
  if (table !== undefined || (await dataKind(data)) === "texts") return textTable(data, { ...table, ...reading });
  return imageFolder(data, reading);
}
