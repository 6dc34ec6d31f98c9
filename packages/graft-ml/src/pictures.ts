import type { ImagePreprocessing } from "@graft-ml/core";
import { decodeImage, type ImageSample } from "@graft-ml/data";
import type { SampleSource } from "@graft-ml/trainers";

/** Samples decoded each time they are asked for, for training from the pixels on; nothing is kept in memory. */
export function pictureSource(
  samples: readonly ImageSample[],
  preprocessing: ImagePreprocessing,
): SampleSource<number> {
  const { size, layout } = preprocessing;
  const dims = layout === "NCHW" ? [3, size, size] : [size, size, 3];
  const length = 3 * size * size;
  return {
    length: samples.length,
    dims,
    targets: samples.map((sample) => sample.label),
    async gather(indices, into) {
      await Promise.all(
        indices.map(async (index, i) => into.set(await decodeImage(samples[index]!.path, preprocessing), i * length)),
      );
    },
  };
}
