import { type BackboneCard, type Graph, type Program, sizeOf, type Tensor } from "@graft-ml/core";
import { decodeImage } from "@graft-ml/data";
import { openEngine } from "@graft-ml/runtime";
import type { Prediction } from "./summary.ts";

/** A whole model that takes picture files. */
export interface PictureModel {
  /** Probabilities of every class for decoded pictures, `[pictures, classes]`. */
  probabilities(files: readonly string[]): Promise<Float32Array>;
  predict(files: readonly string[]): Promise<Prediction[]>;
  release(): Promise<void>;
}

const BATCH = 16;

/** Prepares a whole model on first use. */
export function pictureModel(
  model: Graph,
  card: Pick<BackboneCard, "input" | "preprocessing">,
  classes: readonly string[],
): PictureModel {
  let program: Promise<Program> | undefined;
  const probabilities = async (files: readonly string[]): Promise<Float32Array> => {
    program ??= openEngine("onnxruntime").then((engine) => engine.prepare(model));
    const ready = await program;
    const all = new Float32Array(files.length * classes.length);
    for (let start = 0; start < files.length; start += BATCH) {
      const images = await decodeAll(files.slice(start, start + BATCH), card);
      const outputs = await ready.run({ [card.input]: images });
      all.set(outputs.probabilities!.data as Float32Array, start * classes.length);
    }
    return all;
  };
  return {
    probabilities,
    async predict(files) {
      const values = await probabilities(files);
      return files.map((input, i) => {
        const row = Array.from(values.subarray(i * classes.length, (i + 1) * classes.length));
        const label = row.reduce((best, p, k) => (p > row[best]! ? k : best), 0);
        return {
          input,
          label: classes[label]!,
          score: row[label]!,
          scores: Object.fromEntries(classes.map((name, k) => [name, row[k]!])),
        };
      });
    },
    async release() {
      const open = program;
      program = undefined;
      await (await open)?.release();
    },
  };
}

async function decodeAll(
  files: readonly string[],
  { preprocessing }: Pick<BackboneCard, "preprocessing">,
): Promise<Tensor> {
  const { size, layout } = preprocessing;
  const dims = [files.length, ...(layout === "NCHW" ? [3, size, size] : [size, size, 3])];
  const data = new Float32Array(sizeOf(dims));
  const each = data.length / files.length;
  await Promise.all(files.map(async (file, i) => data.set(await decodeImage(file, preprocessing), i * each)));
  return { dtype: "float32", dims, data };
}
