import type { ImagePreprocessing } from "@graft-ml/core";
import { decodeImage, type ImageSample } from "@graft-ml/data";
import type { SampleSource } from "@graft-ml/trainers";

/** Bytes of decoded pictures that are kept for later epochs, and the share of the free memory that they may take. */
const KEPT = 512 * 1024 ** 2;
const SHARE = 1 / 8;

/** Samples decoded when they are asked for, for training from the pixels on; as many as fit into `kept` bytes stay decoded. */
export function pictureSource(
  samples: readonly ImageSample[],
  preprocessing: ImagePreprocessing,
  kept: number = Math.min(KEPT, SHARE * process.availableMemory()),
): SampleSource<number> {
  const { size, layout } = preprocessing;
  const dims = layout === "NCHW" ? [3, size, size] : [size, size, 3];
  const length = 3 * size * size;
  const decoded = new Map<number, Float32Array>();
  const picture = async (index: number): Promise<Float32Array> => {
    const known = decoded.get(index);
    if (known !== undefined) return known;
    const pixels = await decodeImage(samples[index]!.path, preprocessing);
    if ((decoded.size + 1) * pixels.byteLength <= kept) decoded.set(index, pixels);
    return pixels;
  };
  return {
    length: samples.length,
    dims,
    targets: samples.map((sample) => sample.label),
    async gather(indices, into) {
      await Promise.all(indices.map(async (index, i) => into.set(await picture(index), i * length)));
    },
  };
}
