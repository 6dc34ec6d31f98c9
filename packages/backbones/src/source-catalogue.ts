import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Backbone, type BackboneSource, fail, type Preprocessing, type TextPreprocessing } from "@graft-ml/core";
import type { CatalogueCard } from "./catalogue/card.ts";
import * as cards from "./catalogue/index.ts";
import { findCard } from "./catalogue-names.ts";
import { efficientnetLite0 } from "./efficientnet-lite0.ts";
import { fetchFromHub, type HubOptions } from "./hub.ts";
import type { HubFile } from "./hub-file.ts";
import { minilmL6 } from "./minilm-l6.ts";
import type { FileCard } from "./source-assemble.ts";
import { type OnnxFileOptions, onnxFile } from "./source-file.ts";

/** How a catalogued model is taken. */
export interface BackboneOptions extends HubOptions {
  /** Keeps the original classifier, so that features are its scores. Default: false. */
  readonly includeTop?: boolean;
  /** How the last map of a picture's features becomes one row (avg or max), or a text's hidden states (the others). Default: the model's own way. */
  readonly pooling?: "avg" | TextPreprocessing["pooling"];
  /** Folder of models in the hub's layout, `<folder>/<repository>/<file>`, looked into before the cache. Default: `GRAFT_MODELS`. */
  readonly folder?: string;
}

/** Every catalogued model, by id. */
export const catalogue: ReadonlyMap<string, CatalogueCard> = new Map(
  Object.values(cards).map((card) => [card.id, card] as const),
);

/** Weights that come as packages, tried first. */
const packaged: Readonly<Record<string, () => BackboneSource<Preprocessing>>> = {
  "efficientnet-lite0": efficientnetLite0 as () => BackboneSource<Preprocessing>,
  "minilm-l6": minilmL6 as () => BackboneSource<Preprocessing>,
};

/**
 * A catalogued model by name, as tutorials name it: `backbone("vgg16", { includeTop: false, cache })`. The weights come from an
 * installed package, a local folder, the cache, or the hub, in this order.
 */
export function backbone<P extends Preprocessing = Preprocessing>(
  name: string,
  options: BackboneOptions,
): BackboneSource<P> {
  return ofCard<P>(findCard(catalogue, name), options);
}

/** The model of a card as a backbone. */
export function ofCard<P extends Preprocessing = Preprocessing>(
  card: CatalogueCard,
  options: BackboneOptions,
): BackboneSource<P> {
  const where = `backbones/${card.id}`;
  if (options.includeTop && card.labels === undefined)
    throw fail(where, `the file of ${card.title} has no classifier. Leave includeTop out`);
  checkPooling(card, options.pooling, where);
  return {
    name: card.id,
    summary: summaryOf(card),
    load: async () => (await load(card, options, where)) as Backbone<P>,
  };
}

async function load(card: CatalogueCard, options: BackboneOptions, where: string): Promise<Backbone<Preprocessing>> {
  const { hub, preprocessing } = card;
  const asItIs = !options.includeTop && options.pooling === undefined;
  const bundled = packaged[card.id]?.();
  if (bundled !== undefined && (hub === undefined || (asItIs && (await isInstalled(card)))))
    return asItIs ? bundled.load() : refuseOptions(where);
  if (hub === undefined) throw fail(where, `no hub has the weights: npm install ${card.package}`);
  const { pooling } = options;
  const known = {
    id: card.id,
    title: card.title,
    source: { repository: hub.repository, file: hub.file, revision: hub.revision, original: card.original },
    licence: card.licence,
    task: card.task,
    sha256: card.sha256,
    preprocessing: isTexts(preprocessing)
      ? { ...preprocessing, ...(pooling !== undefined && { pooling }) }
      : preprocessing,
    ...(card.accuracy !== undefined && { accuracy: card.accuracy }),
  } as FileCard;
  // The small file first: what is wrong with the place is known before the large one comes.
  const tokenizer = card.tokenizer && (await place(card.tokenizer, "unverified", options));
  const ending: OnnxFileOptions = {
    includeTop: options.includeTop ?? false,
    ...((pooling === "avg" || pooling === "max") && { pooling }),
    ...(card.features !== undefined && { features: card.features }),
    ...(card.tokens !== undefined && { tokens: card.tokens }),
    ...(card.lastHidden !== undefined && { lastHidden: card.lastHidden }),
    ...(card.groups !== undefined && { groups: card.groups }),
    ...(tokenizer !== undefined && { tokenizer }),
  };
  return onnxFile(await place(hub, card.sha256, options), known, ending).load();
}

/** A file of this machine: in the local folder, else in the cache, else downloaded. */
async function place(file: HubFile, sha256: string, options: BackboneOptions): Promise<string> {
  return (await inFolder(options, file.repository, file.file)) ?? (await fetchFromHub(file, sha256, options)).path;
}

async function isInstalled({ id }: CatalogueCard): Promise<boolean> {
  const opening =
    id === "minilm-l6" ? import("@graft-ml/weights-minilm-l6") : import("@graft-ml/weights-efficientnet-lite0");
  return opening.then(
    () => true,
    () => false,
  );
}

function refuseOptions(where: string): never {
  throw fail(where, "the package's file ends at its own features. Leave includeTop and pooling out");
}

async function inFolder(
  { folder, env = process.env }: BackboneOptions,
  ...path: string[]
): Promise<string | undefined> {
  const models = folder ?? (env.GRAFT_MODELS || undefined);
  if (models === undefined) return undefined;
  const file = join(models, ...path);
  return access(file).then(
    () => file,
    () => undefined,
  );
}

const POOLINGS = { pictures: ["avg", "max"], texts: ["mean", "cls", "last", "max", "none"] };

function checkPooling(card: CatalogueCard, pooling: string | undefined, where: string): void {
  const { preprocessing, title } = card;
  if (pooling !== undefined && card.pooled)
    throw fail(where, `the file of ${title} makes one row of its tokens itself. Leave pooling out`);
  const kind = isTexts(preprocessing) ? "texts" : "pictures";
  if (pooling !== undefined && !POOLINGS[kind].includes(pooling))
    throw fail(
      where,
      `expected pooling to be one of ${POOLINGS[kind].join(", ")} for ${kind}, which ${title} takes; received ${JSON.stringify(pooling)}`,
    );
}

function isTexts(preprocessing: Preprocessing): preprocessing is TextPreprocessing {
  return "tokenizer" in preprocessing;
}

function summaryOf({ title, task, parameters, preprocessing }: CatalogueCard): string {
  const size = parameters === undefined ? [] : [`${(parameters / 1e6).toFixed(1)} M parameters`];
  const input =
    "tokenizer" in preprocessing
      ? `texts up to ${preprocessing.maxTokens} tokens`
      : `${preprocessing.size}×${preprocessing.size} pictures`;
  return [title, task, ...size, input].join(", ");
}
