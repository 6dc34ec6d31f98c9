import { readFile } from "node:fs/promises";
import { fail, type Graph } from "@graft-ml/core";
import { liftConstants, type ReadOptions, readModel, widenHalf } from "@graft-ml/graph";

/** Reads a model's bytes, with one line for a file that is not there. */
export async function readModelFile(path: string | URL, where: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : (cause.code ?? cause.message);
    throw fail(where, `cannot read ${path}: ${why}. Check the path`, { cause });
  });
}

/** Reads an ONNX file as backbones are held: float32 weights, constants among the initializers. */
export function readGraph(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  return widenHalf(liftConstants(readModel(bytes, options)));
}
