import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type BackboneSource, fail, type Graph, type Preprocessing } from "@graft-ml/core";
import type { ExternalLoader, ReadOptions } from "@graft-ml/graph";
import { readGraph, readModelFile } from "./read-model.ts";
import { type AssembleOptions, assemble, type FileCard } from "./source-assemble.ts";
import { isTokenIds } from "./source-input.ts";
import type { KnownTextPreprocessing } from "./source-text.ts";
import { besideModelFile, readTokenizer, type TokenizerFile } from "./text-tokenizer.ts";

/** Bytes that are hashed at once; one call takes less than 2 GiB. */
const PIECE = 2 ** 30;

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
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      checkFileHash(path, card, sha256, where);
      const { graph, identity } = readWhole(bytes, options);
      const tokenizer = graph.inputs.some(isTokenIds) ? await tokenizerOf(path, card, options, where) : {};
      const model = { graph, bytes: bytes.byteLength, sha256: identity, ...tokenizer };
      return assemble<P>(model, { ...card, id, source: card.source ?? { file: basename(path) } }, options);
    },
  };
}

/** A model, and the hash of its file and of the tensors that lie beside it: what is cached under it depends on both. */
function readWhole(bytes: Uint8Array, options: ReadOptions): { readonly graph: Graph; readonly identity: string } {
  const hash = createHash("sha256").update(bytes);
  const { external } = options;
  const watched: ExternalLoader = (location, ...stretch) => {
    const found = external?.(location, ...stretch);
    for (let at = 0; found !== undefined && at < found.length; at += PIECE) hash.update(found.subarray(at, at + PIECE));
    return found;
  };
  const graph = readGraph(bytes, external === undefined ? options : { ...options, external: watched });
  return { graph, identity: hash.digest("hex") };
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
