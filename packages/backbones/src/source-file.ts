import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type BackboneSource, fail, type Preprocessing } from "@graft-ml/core";
import { type AssembleOptions, assemble, type FileCard } from "./source-assemble.ts";

/**
 * Any ONNX file as a backbone: groups come from the graph's cut points; the input, its layout and the features are found, and what
 * cannot be found (mean and std of pictures, the tokenizer of texts) is asked for.
 */
export function onnxFile<P extends Preprocessing = Preprocessing>(
  path: string,
  card: FileCard = {},
  options: AssembleOptions = {},
): BackboneSource<P> {
  const id = card.id ?? idOf(path);
  return {
    name: id,
    summary: `${card.title ?? id}, ${path}`,
    async load() {
      const bytes = await readModelFile(path, `backbones/${id}`);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const { sha256: expected = "unverified" } = card;
      if (expected !== "unverified" && expected !== sha256)
        throw fail(
          `backbones/${id}`,
          `expected ${path} with sha256 ${expected}; received ${sha256}. Get the file again`,
        );
      return assemble<P>(bytes, sha256, { ...card, id, source: card.source ?? { file: basename(path) } }, options);
    },
  };
}

/** Reads a model's bytes, with one line for a file that is not there. */
export async function readModelFile(path: string, where: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : (cause.code ?? cause.message);
    throw fail(where, `cannot read ${path}: ${why}. Check the path`, { cause });
  });
}

function idOf(path: string): string {
  const id = basename(path)
    .replace(/\.onnx$/i, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return id || "model";
}
