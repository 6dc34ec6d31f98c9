import {
  type Backbone,
  type BackboneCard,
  fail,
  type Graph,
  type GraphNode,
  type Preprocessing,
  sizeOf,
  type TextPreprocessing,
  type ValueInfo,
} from "@graft-ml/core";
import { layerGroups, liftConstants, type ReadOptions, readModel, widenHalf } from "@graft-ml/graph";
import { openBatch } from "./source-batch.ts";
import { type Ending, endAtFeatures } from "./source-features.ts";
import { type GroupHints, namedGroups } from "./source-groups.ts";
import { findInput, isTokenIds, type KnownPreprocessing, picturePreprocessing } from "./source-input.ts";
import { settleShapes } from "./source-shapes.ts";

/** What is known of a file before it is read; the rest is found in the graph. */
export interface FileCard extends Omit<Partial<BackboneCard<Preprocessing>>, "preprocessing"> {
  /** Of pictures, what the graph does not say (usually mean and std); of texts, all. */
  readonly preprocessing?: KnownPreprocessing | TextPreprocessing;
}

/** How a file becomes a backbone. */
export interface AssembleOptions extends Ending, ReadOptions {
  readonly groups?: GroupHints;
}

/** Makes a backbone of a file whose hash was checked: finds input, features and groups, and completes the card by them. */
export function assemble<P extends Preprocessing = Preprocessing>(
  bytes: Uint8Array,
  sha256: string,
  known: FileCard & { readonly id: string },
  options: AssembleOptions,
): Backbone<P> {
  const where = `backbones/${known.id}`;
  const file = openBatch(widenHalf(liftConstants(readModel(bytes, options))));
  const found = findInput(file, known.input, where);
  const text = isTokenIds(found) ? textPreprocessing(file, known, where) : undefined;
  const preprocessing: Preprocessing =
    text ?? picturePreprocessing(file, found, (known.preprocessing ?? {}) as KnownPreprocessing, where);
  const mask = text?.mask;
  const info: ValueInfo = { ...found, dims: sampleDims(preprocessing) };
  const fed = feedable(file, info, mask, where);
  const ending = { ...options, ...(mask !== undefined && { tokens: { mask } }) };
  const settled = text === undefined ? settleShapes(fed, info.name) : fed;
  const graph = endAtFeatures(settled, info, ending, where);
  const features = graph.outputs[0]!;
  const numFeatures = features.dims[1];
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
    bytes: bytes.byteLength,
    sha256,
    ...(accuracy !== undefined && { accuracy }),
  };
  const groups = namedGroups(graph, layerGroups(graph, info.name), options.groups ?? []);
  return { card, graph, groups } as Backbone<Preprocessing> as Backbone<P>;
}

function textPreprocessing(graph: Graph, { preprocessing }: FileCard, where: string): TextPreprocessing {
  if (preprocessing !== undefined && "tokenizer" in preprocessing) return preprocessing;
  const mask = graph.inputs.find(({ name }) => /mask/i.test(name))?.name;
  throw fail(
    where,
    `the graph takes token ids, and does not say how text becomes them. Give preprocessing with tokenizer "wordpiece", maxTokens, padId, mask (${mask === undefined ? "there seems to be none" : `"${mask}"`}) and pooling "mean"`,
  );
}

/** Dimensions that a file may have left open. */
function sampleDims(preprocessing: Preprocessing): ValueInfo["dims"] {
  if ("tokenizer" in preprocessing) return ["batch", "tokens"];
  const { size, layout } = preprocessing;
  return layout === "NCHW" ? ["batch", 3, size, size] : ["batch", size, size, 3];
}

/** A graph that wants no more than samples and their mask: segments are all the first one. */
function feedable(graph: Graph, { name: input, dims }: ValueInfo, mask: string | undefined, where: string): Graph {
  const rest = graph.inputs.filter(({ name }) => name !== input && name !== mask);
  const segments = rest.filter(({ name }) => name === "token_type_ids");
  const other = rest.find((info) => !segments.includes(info));
  if (other !== undefined)
    throw fail(
      where,
      `the graph also wants "${other.name}" [${other.dims.join(", ")}], which is not fed. Export the model without it`,
    );
  const zeros = segments.map(
    ({ name }): GraphNode => ({
      name: `${name}/zeros`,
      op: "Sub",
      domain: "",
      inputs: [input, input],
      outputs: [name],
      attributes: {},
    }),
  );
  const inputs = graph.inputs.filter((info) => !segments.includes(info));
  return {
    ...graph,
    inputs: inputs.map((info) => ({ ...info, dims })),
    nodes: [...zeros, ...graph.nodes],
  };
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
