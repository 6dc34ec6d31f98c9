import { fileURLToPath } from "node:url";
import {
  type Backbone,
  type BackboneCard,
  type BackboneSource,
  fail,
  type ImagePreprocessing,
  type Preprocessing,
  type TextPreprocessing,
} from "@graft-ml/core";
import { layerGroups, type ReadOptions, upTo } from "@graft-ml/graph";
import { originalClassifier } from "./original-classifier.ts";
import { readGraph, readModelFile } from "./read-model.ts";
import { readTokenizer } from "./text-tokenizer.ts";

/** What a weights package exports. */
export interface WeightsPackage<P extends Preprocessing = ImagePreprocessing> {
  readonly card: BackboneCard<P>;
  readonly modelUrl: URL;
  /** Of a model of texts: its `tokenizer.json`. */
  readonly tokenizerUrl?: URL;
}

/** A catalogue entry whose weights come as an npm package: no download at run time. */
export function bundled<P extends Preprocessing = ImagePreprocessing>(
  name: string,
  summary: string,
  specifier: string,
  open: () => Promise<WeightsPackage<P>>,
): BackboneSource<P> {
  return {
    name,
    summary,
    async load() {
      let weights: WeightsPackage<P>;
      try {
        weights = await open();
      } catch (cause) {
        throw fail(`backbones/${name}`, `the weights are not installed: npm install ${specifier}`, { cause });
      }
      const { card, modelUrl, tokenizerUrl } = weights;
      const backbone = await backboneFrom(await readModelFile(modelUrl, `backbones/${card.id}`), card);
      if (tokenizerUrl === undefined) return backbone;
      const { tokenizerSha256 } = card.preprocessing as Partial<TextPreprocessing>;
      const { url } = await readTokenizer(fileURLToPath(tokenizerUrl), `backbones/${card.id}`, tokenizerSha256);
      return { ...backbone, tokenizer: url };
    },
  };
}

/**
 * Makes a backbone from an ONNX file's bytes and its card; groups are found in the graph. A model that keeps tensors in files beside
 * it needs a loader for them.
 */
export async function backboneFrom<P extends Preprocessing = ImagePreprocessing>(
  bytes: Uint8Array,
  card: BackboneCard<P>,
  options: ReadOptions = {},
): Promise<Backbone<P>> {
  const where = `backbones/${card.id}`;
  await checkHash(where, bytes, card.sha256);
  const file = readGraph(bytes, options);
  const graph = upTo(file, [card.features]);
  if (!graph.inputs.some((input) => input.name === card.input)) {
    throw fail(
      where,
      `the card names the input "${card.input}"; the graph has ${graph.inputs.map((input) => `"${input.name}"`).join(", ")}`,
    );
  }
  const classifier = originalClassifier(file, card.features, card.output);
  return { card, graph, groups: layerGroups(graph, card.input), ...classifier };
}

async function checkHash(where: string, bytes: Uint8Array, expected: string): Promise<void> {
  if (expected === "unverified") return;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  const found = Buffer.from(digest).toString("hex");
  if (found !== expected) {
    throw fail(where, `expected weights with sha256 ${expected}; received ${found}. Reinstall the weights package`);
  }
}
