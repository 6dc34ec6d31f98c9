import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Backbone, type BackboneSource, fail, type Preprocessing, type TextPreprocessing } from "@graft-ml/core";
import type { CatalogueCard, CatalogueTextPreprocessing } from "./catalogue/card.ts";
import * as cards from "./catalogue/index.ts";
import { findCard } from "./catalogue-names.ts";
import { efficientnetLite0 } from "./efficientnet-lite0.ts";
import { fetchFromHub, type HubOptions } from "./hub.ts";
import { minilmL6 } from "./minilm-l6.ts";
import { type AssembleOptions, assemble } from "./source-assemble.ts";
import { onnxFile, readModelFile } from "./source-file.ts";

/** How a catalogued model is taken. */
export interface BackboneOptions extends HubOptions {
  /** Keeps the original classifier, so that features are its scores. Default: false. */
  readonly includeTop?: boolean;
  /** How the last map of features becomes one row. Default: the model's own way, or avg. */
  readonly pooling?: "avg" | "max";
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
  const card = findCard(catalogue, name);
  const where = `backbones/${card.id}`;
  if (options.includeTop && card.labels === undefined)
    throw fail(where, `the file of ${card.title} has no classifier. Leave includeTop out`);
  return {
    name: card.id,
    summary: summaryOf(card),
    load: async () => (await load(card, options, where)) as Backbone<P>,
  };
}

async function load(card: CatalogueCard, options: BackboneOptions, where: string): Promise<Backbone<Preprocessing>> {
  const { hub } = card;
  const asItIs = !options.includeTop && options.pooling === undefined;
  const bundled = packaged[card.id]?.();
  if (bundled !== undefined && (hub === undefined || (asItIs && (await isInstalled(card)))))
    return asItIs ? bundled.load() : refuseOptions(where);
  if (hub === undefined) throw fail(where, `no hub has the weights: npm install ${card.package}`);
  const preprocessing = supported(card, where);
  const known = {
    id: card.id,
    title: card.title,
    source: { repository: hub.repository, file: hub.file, revision: hub.revision, original: card.original },
    licence: card.licence,
    task: card.task,
    preprocessing,
    ...(card.accuracy !== undefined && { accuracy: card.accuracy }),
  };
  const ending: AssembleOptions = {
    includeTop: options.includeTop ?? false,
    ...(options.pooling !== undefined && { pooling: options.pooling }),
    ...(card.features !== undefined && { features: card.features }),
    ...(card.tokens !== undefined && { tokens: card.tokens }),
    ...(card.lastHidden !== undefined && { lastHidden: card.lastHidden }),
    ...(card.groups !== undefined && { groups: card.groups }),
  };
  const local = await inFolder(options, hub.repository, hub.file);
  if (local !== undefined) return onnxFile(local, { ...known, sha256: card.sha256 }, ending).load();
  const { path, sha256 } = await fetchFromHub(hub, card.sha256, options);
  return assemble(await readModelFile(path, where), sha256, known, ending);
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

/** The preprocessing of what can be run here; texts by byte pairs cannot yet be cut into tokens. */
function supported(
  { title, preprocessing }: CatalogueCard,
  where: string,
): NonNullable<Parameters<typeof assemble>[2]["preprocessing"]> {
  if (!("tokenizer" in preprocessing)) return preprocessing;
  const { tokenizer, maxTokens, padId, mask, pooling }: CatalogueTextPreprocessing = preprocessing;
  if (tokenizer !== "wordpiece" || pooling !== "mean" || padId === undefined || mask === undefined) {
    throw fail(
      where,
      `${title} wants a ${tokenizer} tokenizer and ${pooling} pooling; texts are cut by wordpiece and pooled by mean. Take minilm-l6, bert-base or distilbert`,
    );
  }
  return { tokenizer, maxTokens, padId, mask, pooling } satisfies TextPreprocessing;
}

function summaryOf({ title, task, parameters, preprocessing }: CatalogueCard): string {
  const size = parameters === undefined ? [] : [`${(parameters / 1e6).toFixed(1)} M parameters`];
  const input =
    "tokenizer" in preprocessing
      ? `texts up to ${preprocessing.maxTokens} tokens`
      : `${preprocessing.size}×${preprocessing.size} pictures`;
  return [title, task, ...size, input].join(", ");
}
