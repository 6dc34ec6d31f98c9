import { createHash, type Hash } from "node:crypto";
import { basename } from "node:path";
import { type BackboneSource, fail, type Preprocessing, pieces } from "@graft-ml/core";
import type { ReadOptions } from "@graft-ml/graph";
import { readGraph, readModelFile } from "./read-model.ts";
import { type AssembleOptions, assemble, type FileCard } from "./source-assemble.ts";
import { isTokenIds } from "./source-input.ts";
import type { KnownTextPreprocessing } from "./source-text.ts";
import { besideModelFile, readTokenizer, type TokenizerFile } from "./text-tokenizer.ts";

/** How an ONNX file becomes a backbone. */
export interface OnnxFileOptions extends AssembleOptions, ReadOptions {
  /** Path of the `tokenizer.json` of a model of texts. Default: the one beside the model, or above its folder `onnx`. */
  readonly tokenizer?: string;
}

/**
 * Any ONNX file as a backbone: groups come from the graph's cut points; the input, its layout and the features are found, and what
 * cannot be found (mean and std of pictures, the pooling of texts) is asked for.
 */
export function onnxFile<P extends Preprocessing = Preprocessing>(
  path: string,
  card: FileCard = {},
  options: OnnxFileOptions = {},
): BackboneSource<P> {
  const id = card.id ?? idOf(path);
  return {
    name: id,
    summary: `${card.title ?? id}, ${path}`,
    async load() {
      const where = `backbones/${id}`;
      const bytes = await readModelFile(path, where);
      const hash = createHash("sha256").update(bytes);
      checkFileHash(path, card, hash.copy().digest("hex"), where);
      const graph = readGraph(bytes, hashing(hash, options));
      const tokenizer = graph.inputs.some(isTokenIds) ? await tokenizerOf(path, card, options, where) : {};
      const model = { graph, bytes: bytes.byteLength, sha256: hash.digest("hex"), ...tokenizer };
      return assemble<P>(model, { ...card, id, source: card.source ?? { file: basename(path) } }, options);
    },
  };
}

/** How a model is read while `hash` takes in the tensors beside it, too: what is cached under it depends on them. */
function hashing(hash: Hash, options: ReadOptions): ReadOptions {
  const { external } = options;
  if (external === undefined) return options;
  return {
    ...options,
    external(location, ...stretch) {
      const found = external(location, ...stretch);
      if (found !== undefined) for (const piece of pieces(found)) hash.update(piece);
      return found;
    },
  };
}

/** The tokenizer of a model of texts: the one that is named, or the one beside it. */
export async function tokenizerOf(
  path: string,
  { preprocessing }: FileCard,
  options: Pick<OnnxFileOptions, "tokenizer">,
  where: string,
): Promise<{ readonly tokenizer?: TokenizerFile }> {
  const file = options.tokenizer ?? (await besideModelFile(path));
  if (file === undefined) return {};
  const { tokenizerSha256 } = (preprocessing ?? {}) as KnownTextPreprocessing;
  return { tokenizer: await readTokenizer(file, where, tokenizerSha256) };
}

/** Refuses a file that is not the card's. */
export function checkFileHash(
  path: string,
  { sha256: expected = "unverified" }: FileCard,
  found: string,
  where: string,
): void {
  if (expected !== "unverified" && expected !== found)
    throw fail(where, `expected ${path} with sha256 ${expected}; received ${found}. Get the file again`);
}

/** A model's name by its file's. */
export function idOf(path: string): string {
  const id = basename(path)
    .replace(/\.(onnx|keras|h5|hdf5|json)$/i, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return id || "model";
}
