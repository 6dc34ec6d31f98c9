import { choiceOption, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { RgbPicture } from "../resample.ts";
import type { Augmentation } from "./augmentation.ts";
import { autocontrast } from "./operations/autocontrast.ts";
import { brightness } from "./operations/brightness.ts";
import { contrast } from "./operations/contrast.ts";
import { equalize } from "./operations/equalize.ts";
import { posterize } from "./operations/posterize.ts";
import { saturation } from "./operations/saturation.ts";
import { sharpness } from "./operations/sharpness.ts";
import { solarize } from "./operations/solarize.ts";
import { type AffineMotion, inverseAffine, warp } from "./operations/warp.ts";

const WHERE = "augment/rand-augment";
const BINS = 31;

/** How strong, 0..1; which way, 1 or −1; and what geometry needs. */
interface Strength {
  readonly share: number;
  readonly sign: number;
  readonly interpolation: "nearest" | "bilinear";
  readonly fill: number;
}

type Operation = (picture: RgbPicture, strength: Strength) => RgbPicture;

const STILL: AffineMotion = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0] };

function moved(picture: RgbPicture, motion: Partial<AffineMotion>, { interpolation, fill }: Strength): RgbPicture {
  return warp(picture, inverseAffine({ ...STILL, ...motion }, picture), interpolation, fill);
}

function blended(operation: (picture: RgbPicture, factor: number) => RgbPicture): Operation {
  return (picture, { share, sign }) => operation(picture, 1 + sign * share * 0.9);
}

const degrees = (slope: number): number => (Math.atan(slope) * 180) / Math.PI;

/** torchvision's operations and ranges, `RandAugment._augmentation_space`. */
export const RAND_AUGMENT_OPERATIONS: Readonly<Record<string, Operation>> = {
  identity: (picture) => picture,
  shearX: (picture, s) => moved(picture, { shear: [degrees(s.sign * s.share * 0.3), 0], center: [0, 0] }, s),
  shearY: (picture, s) => moved(picture, { shear: [0, degrees(s.sign * s.share * 0.3)], center: [0, 0] }, s),
  translateX: (picture, s) =>
    moved(picture, { translate: [Math.trunc(s.sign * s.share * (150 / 331) * picture.width), 0] }, s),
  translateY: (picture, s) =>
    moved(picture, { translate: [0, Math.trunc(s.sign * s.share * (150 / 331) * picture.height)] }, s),
  // torchvision turns the other way round here than where it moves.
  rotate: (picture, s) => moved(picture, { angle: -s.sign * s.share * 30 }, s),
  brightness: blended(brightness),
  color: blended(saturation),
  contrast: blended(contrast),
  sharpness: blended(sharpness),
  posterize: (picture, { share }) => posterize(picture, 8 - Math.round(share * 4)),
  // Rounded as torchvision's thresholds are, or a whole one would lie on either side.
  solarize: (picture, { share }) => solarize(picture, Math.fround(255 * (1 - share))),
  autocontrast: (picture) => autocontrast(picture),
  equalize: (picture) => equalize(picture),
};

/**
 * `n` operations drawn from fourteen, all of strength `m` of 0..30 (RandAugment, Cubuk et al., NeurIPS 2020), with torchvision's
 * operations and ranges; signs are drawn. Defaults: n 2, m 9, interpolation *bilinear* (torchvision's is *nearest*), fill 0.
 */
export function randAugment(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["n", "m", "interpolation", "fill"]);
  const n = numberOption(WHERE, options, "n", 2, { min: 1, max: 14, integer: true });
  const m = numberOption(WHERE, options, "m", 9, { min: 0, max: BINS - 1, integer: true });
  const interpolation = choiceOption(WHERE, options, "interpolation", "bilinear", ["bilinear", "nearest"]);
  const fill = numberOption(WHERE, options, "fill", 0, { min: 0, max: 255, integer: true });
  const operations = Object.values(RAND_AUGMENT_OPERATIONS);
  return {
    of: "pictures",
    name: "rand-augment",
    summary: "a few operations drawn from fourteen, all of one strength",
    options: { n, m, interpolation, fill },
    change(picture, random) {
      let done = picture;
      for (let i = 0; i < n; i++) {
        const operation = operations[random.integer(operations.length)]!;
        const sign = random.integer(2) === 0 ? 1 : -1;
        done = operation(done, { share: m / (BINS - 1), sign, interpolation, fill });
      }
      return done;
    },
  };
}
