import type { ImagePreprocessing, Random } from "@graft-ml/core";
import { type DecodedPicture, fitPicture } from "../decode.ts";
import type { RgbPicture } from "../resample.ts";
import { type Augmentation, cropOf } from "./augmentation.ts";
import { crop } from "./operations/crop.ts";

/**
 * One random version of a decoded picture at the network's size: the part that the list's crop chooses (or the middle), resized, then
 * changed by the others in their order. The same stream makes the same version.
 */
export function augmentPicture(
  decoded: DecodedPicture,
  list: readonly Augmentation[],
  preprocessing: ImagePreprocessing,
  random: Random,
): RgbPicture {
  const box = cropOf(list)?.crop?.(decoded.picture, random);
  // Cut first: what a kernel would reach for outside the part does not belong to the view.
  const part = box === undefined ? undefined : crop(decoded.picture, box);
  const whole = part && { left: 0, top: 0, right: part.width, bottom: part.height };
  const fitted = fitPicture(part === undefined ? decoded : { picture: part, box: whole! }, preprocessing);
  return list.reduce((picture, { change }) => change?.(picture, random) ?? picture, fitted);
}
