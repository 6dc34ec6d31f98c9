import { float32, type ImagePreprocessing } from "@graft-ml/core";
import {
  type Augmentation,
  augmentPicture,
  type DecodedPicture,
  decodePicture,
  fitPicture,
  type ImageSample,
  normalizeInto,
  visitRandom,
} from "@graft-ml/data";
import type { SampleSource } from "@graft-ml/trainers";

/** Bytes of decoded pictures that are kept for later epochs, and the share of the free memory that they may take. */
const KEPT = 512 * 1024 ** 2;
const SHARE = 1 / 8;

/** How pictures are fed from the pixels on. */
export interface PictureSourceOptions {
  /** Changes of what training sees, other ones at every visit. Default: none. */
  readonly augmentation?: readonly Augmentation[];
  /** Draws the changes. Default: 0. */
  readonly seed?: number;
  /** Bytes of decoded pictures that stay for later epochs; what does not fit is decoded again. Default: by the free memory. */
  readonly kept?: number;
}

/** Pictures fed to the input `input`, decoded when they are asked for, for training from the pixels on. */
export function pictureSource(
  input: string,
  samples: readonly ImageSample[],
  preprocessing: ImagePreprocessing,
  { augmentation = [], seed = 0, kept = Math.min(KEPT, SHARE * process.availableMemory()) }: PictureSourceOptions = {},
): SampleSource<number> {
  const { size, layout } = preprocessing;
  const dims = layout === "NCHW" ? [3, size, size] : [size, size, 3];
  const length = 3 * size * size;
  const whole = { left: 0, top: 0, right: size, bottom: size };
  const crops = augmentation.some(({ crop }) => crop !== undefined);
  const decoded = new Map<number, DecodedPicture>();
  let bytes = 0;
  const picture = async (index: number): Promise<DecodedPicture> => {
    const known = decoded.get(index);
    if (known !== undefined) return known;
    const found = await decodePicture(samples[index]!.path, preprocessing);
    // A random part needs all of the picture, and unchanged pixels: what is kept has seen no augmentation.
    const ready = crops ? found : { picture: fitPicture(found, preprocessing), box: whole };
    const weight = ready.picture.data.byteLength;
    if (bytes + weight <= kept && !decoded.has(index)) {
      decoded.set(index, ready);
      bytes += weight;
    }
    return ready;
  };
  return {
    length: samples.length,
    targets: samples.map((sample) => sample.label),
    async feed({ indices, epoch }) {
      const data = new Float32Array(indices.length * length);
      const places = new Map<number, number>();
      await Promise.all(
        indices.map(async (index, i) => {
          // A short batch is filled up with copies, which need no decoding of their own.
          if (places.has(index)) return;
          places.set(index, i);
          const found = await picture(index);
          const shown =
            epoch === undefined || augmentation.length === 0
              ? fitPicture(found, preprocessing)
              : augmentPicture(found, augmentation, preprocessing, visitRandom(seed, epoch, samples[index]!.sha256));
          normalizeInto(shown, preprocessing, data, i * length);
        }),
      );
      for (const [i, index] of indices.entries()) {
        const from = places.get(index)! * length;
        if (from !== i * length) data.copyWithin(i * length, from, from + length);
      }
      return { [input]: float32([indices.length, ...dims], data) };
    },
  };
}
