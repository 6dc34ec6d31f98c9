import { type BackboneCard, fail, type Graph, sizeOf, type Tensor } from "@graft-ml/core";
import { decodeImage } from "@graft-ml/data";
import { type Classifier, predictionsOf, type SampleInput } from "../classifier.ts";
import { lazyProgram } from "../lazy-program.ts";

const BATCH = 16;

/** A whole model that takes picture files; it is prepared on first use. */
export function pictureModel(
  model: Graph,
  card: Pick<BackboneCard, "input" | "preprocessing">,
  classes: readonly string[],
): Classifier {
  const program = lazyProgram(model);
  const probabilities = async (inputs: readonly SampleInput[]): Promise<Float32Array> => {
    const files = inputs.map(fileOf);
    const all = new Float32Array(files.length * classes.length);
    for (let start = 0; start < files.length; start += BATCH) {
      const images = await decodeAll(files.slice(start, start + BATCH), card);
      const outputs = await program.run({ [card.input]: images });
      all.set(outputs.probabilities!.data as Float32Array, start * classes.length);
    }
    return all;
  };
  return {
    probabilities,
    predict: async (inputs) => predictionsOf(inputs, await probabilities(inputs), classes),
    release: () => program.release(),
  };
}

function fileOf(input: SampleInput): string {
  if (typeof input === "string") return input;
  throw fail("graft/predict", "expected picture files; received a pair of texts. The model is one of pictures");
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
