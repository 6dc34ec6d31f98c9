import { readFileSync } from "node:fs";
import type { ImagePreprocessing } from "@graft-ml/core";
import { expect, test } from "vitest";
import { fitPicture } from "../decode.ts";
import type { RgbPicture } from "../resample.ts";
import { autocontrast } from "./operations/autocontrast.ts";
import { brightness } from "./operations/brightness.ts";
import { contrast } from "./operations/contrast.ts";
import { crop } from "./operations/crop.ts";
import { equalize } from "./operations/equalize.ts";
import { grey } from "./operations/grey.ts";
import { hue } from "./operations/hue.ts";
import { mirror, upsideDown } from "./operations/mirror.ts";
import { posterize } from "./operations/posterize.ts";
import { saturation } from "./operations/saturation.ts";
import { sharpness } from "./operations/sharpness.ts";
import { solarize } from "./operations/solarize.ts";
import { type AffineMotion, inverseAffine, warp } from "./operations/warp.ts";
import { RAND_AUGMENT_OPERATIONS } from "./rand-augment.ts";

interface Case {
  readonly operation: string;
  readonly picture: { readonly width: number; readonly height: number; readonly soft: boolean };
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly expected: string;
}

// tools/golden/augment.py: torchvision 0.28.0 on torch 2.13.0, functional operations on bytes; resizedCrop on Pillow pictures
const golden = JSON.parse(readFileSync(new URL("../../golden/augment.json", import.meta.url), "utf8")) as {
  readonly tolerance: number;
  readonly cases: readonly Case[];
};

function recipe({ width, height, soft }: Case["picture"]): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const level = ((x * (3 + c) + y * (7 - 2 * c)) * 5 + Math.floor((x * y) / (11 + c))) % 256;
        data[at++] = soft ? Math.floor(level / 3) + 40 : level;
      }
    }
  }
  return { width, height, data };
}

type Kernel = "nearest" | "bilinear";

const OPERATIONS: Readonly<Record<string, (picture: RgbPicture, options: Case["arguments"]) => RgbPicture>> = {
  brightness: (picture, { factor }) => brightness(picture, factor as number),
  contrast: (picture, { factor }) => contrast(picture, factor as number),
  saturation: (picture, { factor }) => saturation(picture, factor as number),
  sharpness: (picture, { factor }) => sharpness(picture, factor as number),
  hue: (picture, { shift }) => hue(picture, shift as number),
  posterize: (picture, { bits }) => posterize(picture, bits as number),
  solarize: (picture, { threshold }) => solarize(picture, threshold as number),
  grey,
  autocontrast,
  equalize,
  mirror,
  upsideDown,
  affine: (picture, { motion, interpolation }) =>
    warp(picture, inverseAffine(motion as AffineMotion, picture), interpolation as Kernel),
  rotate(picture, { angle, interpolation }) {
    const motion: AffineMotion = { angle: -(angle as number), translate: [0, 0], scale: 1, shear: [0, 0] };
    return warp(picture, inverseAffine(motion, picture), interpolation as Kernel);
  },
  resizedCrop(picture, options) {
    const [left, top, right, bottom] = options.box as [number, number, number, number];
    const part = crop(picture, { left, top, right, bottom });
    const whole = { left: 0, top: 0, right: part.width, bottom: part.height };
    return fitPicture({ picture: part, box: whole }, options as unknown as ImagePreprocessing);
  },
  randAugment(picture, { name, m, sign, interpolation }) {
    const key = (name as string).replace(/^./, (letter) => letter.toLowerCase());
    const strength = {
      share: (m as number) / 30,
      sign: sign as number,
      interpolation: interpolation as Kernel,
      fill: 0,
    };
    return RAND_AUGMENT_OPERATIONS[key]!(picture, strength);
  },
};

test.each(golden.cases)("$operation of $arguments gives torchvision's picture", (one) => {
  const picture = recipe(one.picture);
  const before = Uint8Array.from(picture.data);
  const found = OPERATIONS[one.operation]!(picture, one.arguments);
  const expected = Buffer.from(one.expected, "base64");
  expect(found.data).toHaveLength(expected.length);
  const worst = found.data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(golden.tolerance);
  expect(picture.data, "the picture that was given").toEqual(before);
});

test("every operation is compared", () => {
  const compared = new Set(golden.cases.map(({ arguments: { name } }) => name).filter((name) => name !== undefined));
  // Those without a strength are compared under their own names.
  const plain = ["Identity", "Autocontrast", "Equalize"];
  const all = Object.keys(RAND_AUGMENT_OPERATIONS).map((key) => key.replace(/^./, (letter) => letter.toUpperCase()));
  expect(all.filter((name) => !compared.has(name)).sort()).toEqual(plain.sort());
  expect(Object.keys(OPERATIONS).filter((name) => !golden.cases.some(({ operation }) => operation === name))).toEqual(
    [],
  );
});
