import {
  type Backbone,
  type BackboneCard,
  fail,
  type Graph,
  type Preprocessing,
  sizeOf,
  type ValueInfo,
} from "@graft-ml/core";
import { layerGroups } from "@graft-ml/graph";
import { originalClassifier } from "./original-classifier.ts";
import { openBatch } from "./source-batch.ts";
import { type Ending, endAtFeatures } from "./source-features.ts";
import { type GroupHints, namedGroups } from "./source-groups.ts";
import { findInput, isTokenIds, type KnownPreprocessing, picturePreprocessing } from "./source-input.ts";
import { settleShapes } from "./source-shapes.ts";
import { type KnownTextPreprocessing, textPreprocessing } from "./source-text.ts";
import { feedableTexts } from "./source-text-inputs.ts";
import type { TokenizerFile } from "./text-tokenizer.ts";

/** What is known of a file before it is read; the rest is found in the graph. */
export interface FileCard extends Omit<Partial<BackboneCard<Preprocessing>>, "preprocessing"> {
  /** Of pictures, what the graph does not say (usually mean and std); of texts, what graph and tokenizer do not (usually pooling). */
  readonly preprocessing?: KnownPreprocessing | KnownTextPreprocessing;
}

/** Where a backbone ends, and what its groups are called. */
export interface AssembleOptions extends Ending {
  readonly groups?: GroupHints;
}

/** A model's graph and the file it was read from, whose hash was checked. */
export interface ModelFile {
  readonly graph: Graph;
  readonly bytes: number;
  readonly sha256: string;
  /** Of texts, where there is one. */
  readonly tokenizer?: TokenizerFile;
}

/** Makes a backbone of a model: finds input, features and groups, and completes the card by them. */
export function assemble<P extends Preprocessing = Preprocessing>(
  model: ModelFile,
  known: FileCard & { readonly id: string },
  options: AssembleOptions,
): Backbone<P> {
  const where = `backbones/${known.id}`;
  const file = openBatch(model.graph);
  const found = findInput(file, known.input, where);
  const { preprocessing, fed } = isTokenIds(found)
    ? ofTexts(file, found, known, model.tokenizer, where)
    : ofPictures(file, found, known, where);
  const info = fed.inputs.find(({ name }) => name === found.name)!;
  const text = "tokenizer" in preprocessing ? { text: preprocessing } : {};
  const graph = endAtFeatures(settleShapes(fed, info.name), info, { ...options, ...text }, where);
  const features = graph.outputs[0]!;
  const numFeatures = features.dims.at(-1);
  if (typeof numFeatures !== "number")
    throw fail(
      where,
      `the width of the features "${features.name}" is not known before running. Export the model with fixed shapes`,
    );
  const { id, title, source, licence, task, accuracy, output } = known;
  const card: BackboneCard<Preprocessing> = {
    id,
    title: title ?? id,
    source: source ?? { file: id },
    licence: licence ?? "unknown",
    task: task ?? "unknown",
    preprocessing,
    input: info.name,
    features: features.name,
    output: output ?? file.outputs[0]!.name,
    numFeatures,
    parameters: known.parameters ?? countParameters(file),
    bytes: model.bytes,
    sha256: model.sha256,
    ...(accuracy !== undefined && { accuracy }),
  };
  const groups = namedGroups(graph, layerGroups(graph, info.name), options.groups ?? []);
  const tokenizer = "text" in text && model.tokenizer !== undefined ? { tokenizer: model.tokenizer.url } : {};
  const classifier = originalClassifier(fed, card.features, card.output);
  return { card, graph, groups, ...classifier, ...tokenizer } as Backbone<Preprocessing> as Backbone<P>;
}

interface Fed {
  readonly preprocessing: Preprocessing;
  /** Wants no more than samples, and their mask if they are texts. */
  readonly fed: Graph;
}

function ofTexts(
  file: Graph,
  { name: ids }: ValueInfo,
  known: FileCard,
  tokenizer: TokenizerFile | undefined,
  where: string,
): Fed {
  const preprocessing = textPreprocessing(
    file,
    (known.preprocessing ?? {}) as KnownTextPreprocessing,
    tokenizer,
    where,
  );
  return { preprocessing, fed: feedableTexts(file, { ids, ...preprocessing, endId: tokenizer?.endId }, where) };
}

function ofPictures(file: Graph, found: ValueInfo, known: FileCard, where: string): Fed {
  const preprocessing = picturePreprocessing(file, found, (known.preprocessing ?? {}) as KnownPreprocessing, where);
  const { size, layout } = preprocessing;
  const dims = layout === "NCHW" ? ["batch", 3, size, size] : ["batch", size, size, 3];
  const other = file.inputs.find(({ name }) => name !== found.name);
  if (other !== undefined)
    throw fail(
      where,
      `the graph also wants "${other.name}" [${other.dims.join(", ")}], which is not fed. Export the model without it`,
    );
  return { preprocessing, fed: { ...file, inputs: [{ ...found, dims }] } };
}

function countParameters({ nodes, initializers }: Graph): number {
  const statistics = new Set(
    nodes.filter(({ op }) => op === "BatchNormalization").flatMap(({ inputs }) => inputs.slice(3)),
  );
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  let count = 0;
  for (const [name, { dtype, dims }] of initializers)
    if (read.has(name) && dims.length > 0 && /^b?float/.test(dtype) && !statistics.has(name)) count += sizeOf(dims);
  return count;
}
