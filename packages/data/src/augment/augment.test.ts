import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ImagePreprocessing, kebabCase, type PlainOptions, seededRandom } from "@graft-ml/core";
import { describe, expect, test } from "vitest";
import * as texts from "../augment-text/index.ts";
import type { TextAugmentation } from "../augment-text/text-augmentation.ts";
import { fitPicture } from "../decode.ts";
import type { RgbPicture } from "../resample.ts";
import { augmentPicture } from "./augment-picture.ts";
import { type Augmentation, describeAugmentations } from "./augmentation.ts";
import * as pictures from "./index.ts";
import { drawnView, viewHash, viewRandom, visitRandom } from "./views.ts";

const plain: ImagePreprocessing = {
  size: 24,
  crop: 1,
  interpolation: "bilinear",
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "NCHW",
  channels: "RGB",
};

/** A picture no two parts of which are alike. */
function picture(width: number = 24, height: number = 24): RgbPicture {
  const random = seededRandom("picture");
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => 40 + random.integer(160)) };
}

const decoded = (width = 24, height = 24) => ({
  picture: picture(width, height),
  box: { left: 0, top: 0, right: width, bottom: height },
});

const change = (augmentation: Augmentation, seed: number | string, from: RgbPicture = picture()): RgbPicture =>
  augmentation.change!(from, seededRandom(seed));

/** How often something holds in 4,000 draws; the tests allow four standard deviations. */
const DRAWS = 4000;
const share = (holds: (seed: number) => boolean): number =>
  Array.from({ length: DRAWS }, (_, seed) => holds(seed)).filter(Boolean).length / DRAWS;
const near = (p: number): [number, number] => {
  const reach = 4 * Math.sqrt((p * (1 - p)) / DRAWS);
  return [p - reach, p + reach];
};
const expectShare = (found: number, p: number): void => {
  const [low, high] = near(p);
  expect(found).toBeGreaterThan(low);
  expect(found).toBeLessThan(high);
};

const INVALID: Readonly<Record<string, readonly PlainOptions[]>> = {
  affine: [{ degrees: 181 }, { scale: [1.1, 0.9] }, { interpolation: "bicubic" }, { fill: 256 }],
  colorJitter: [{ hue: 0.6 }, { brightness: -1 }],
  grayscale: [{ p: 1.1 }],
  horizontalFlip: [{ p: -0.1 }],
  randAugment: [{ n: 0 }, { m: 31 }, { m: 1.5 }],
  randomErasing: [{ value: "noise" }, { scale: [0.5] }, { scale: [0, 2] }],
  randomResizedCrop: [{ scale: [0, 1] }, { ratio: 1 }],
  rotation: [{ degrees: "ten" }],
  verticalFlip: [{ p: "half" }],
  spanMasking: [{ share: 2 }, { longest: 0 }],
  wordDropout: [{ by: "deletion" }],
};

const EVERY = [
  ...Object.entries(pictures).map(([key, factory]) => ({ key, factory, folder: "", of: "pictures" })),
  ...Object.entries(texts).map(([key, factory]) => ({ key, factory, folder: "../augment-text", of: "texts" })),
];

describe.each(EVERY)("$key", ({ key, factory, folder, of }) => {
  test("is a plugin: named as its file, described by plain JSON that makes it again", () => {
    const made: Augmentation | TextAugmentation = factory();
    expect(made).toMatchObject({ name: kebabCase(key), of });
    expect(made.summary).toMatch(/^[a-z].{10,}[^.]$/);
    expect(existsSync(join(import.meta.dirname, folder, `${made.name}.ts`))).toBe(true);
    const options = JSON.parse(JSON.stringify(made.options)) as PlainOptions;
    expect(factory(options).options).toEqual(made.options);
  });

  test("refuses options that it does not know or that make no sense", () => {
    expect(() => factory({ bogus: 1 })).toThrow(`[augment/${kebabCase(key)}] unknown option "bogus"; `);
    expect(INVALID[key]!.length).toBeGreaterThan(0);
    for (const options of INVALID[key]!) expect(() => factory(options)).toThrow(/expected .+; received /);
  });
});

describe.each(Object.entries(pictures))("%s", (_, factory) => {
  test("makes the same picture from the same stream, of the network's size, from one that it leaves alone", () => {
    const one = decoded(40, 30);
    const before = Uint8Array.from(one.picture.data);
    const versions = Array.from({ length: 40 }, (_, seed) =>
      [0, 1].map(() => augmentPicture(one, [factory()], plain, seededRandom(seed))),
    );
    for (const [first, second] of versions) {
      expect(first).toEqual(second);
      expect(first).toMatchObject({ width: 24, height: 24 });
      expect(first!.data).toHaveLength(24 * 24 * 3);
    }
    expect(one.picture.data).toEqual(before);
    const different = new Set(versions.map(([first]) => first!.data.join()));
    expect(different.size, "versions that differ").toBeGreaterThan(1);
  });
});

test("flips and greys happen as often as they should", () => {
  const from = picture(4, 3);
  const changed = (augmentation: Augmentation) => share((seed) => change(augmentation, seed, from) !== from);
  expectShare(changed(pictures.horizontalFlip()), 0.5);
  expectShare(changed(pictures.verticalFlip({ p: 0.2 })), 0.2);
  expectShare(changed(pictures.grayscale()), 0.1);
  expect(changed(pictures.horizontalFlip({ p: 0 }))).toBe(0);
  expect(changed(pictures.horizontalFlip({ p: 1 }))).toBe(1);
});

test("a random crop takes areas and shapes evenly from their ranges, anywhere inside the picture", () => {
  const size = { width: 400, height: 300 };
  const augmentation = pictures.randomResizedCrop({ scale: [0.2, 0.6], ratio: [0.8, 1.25] });
  const boxes = Array.from({ length: DRAWS }, (_, seed) => augmentation.crop!(size, seededRandom(seed)));
  const areas = boxes.map(({ left, top, right, bottom }) => ((right - left) * (bottom - top)) / (400 * 300));
  const shapes = boxes.map(({ left, top, right, bottom }) => (right - left) / (bottom - top));
  for (const [i, { left, top, right, bottom }] of boxes.entries()) {
    expect([left, top, right, bottom].every(Number.isInteger)).toBe(true);
    expect(left >= 0 && top >= 0 && right <= 400 && bottom <= 300).toBe(true);
    expect(areas[i]! > 0.195 && areas[i]! < 0.605 && shapes[i]! > 0.79 && shapes[i]! < 1.27).toBe(true);
  }
  expectShare(areas.filter((area) => area < 0.4).length / DRAWS, 0.5);
  // Even in the logarithm of the shape.
  expectShare(shapes.filter((shape) => shape < 1).length / DRAWS, 0.5);
  const places = boxes.map(({ left, right }) => left / (400 - (right - left)));
  expectShare(places.filter((place) => place < 0.5).length / DRAWS, 0.5);
});

test("a random crop that fits nowhere takes the middle of an allowed shape", () => {
  const crop = pictures.randomResizedCrop({ scale: [1, 1], ratio: [1, 1] }).crop!;
  expect(crop({ width: 100, height: 40 }, seededRandom(0))).toEqual({ left: 30, top: 0, right: 70, bottom: 40 });
  expect(crop({ width: 30, height: 80 }, seededRandom(0))).toEqual({ left: 0, top: 25, right: 30, bottom: 55 });
});

test("a random crop cuts before it resizes, and others change what came out", () => {
  const one = decoded(60, 40);
  const cut = augmentPicture(one, [pictures.randomResizedCrop()], plain, seededRandom(3));
  const flipped = augmentPicture(
    one,
    [pictures.horizontalFlip({ p: 1 }), pictures.randomResizedCrop()],
    plain,
    seededRandom(3),
  );
  expect(change(pictures.horizontalFlip({ p: 1 }), 0, cut)).toEqual(flipped);
  expect(augmentPicture(one, [], plain, seededRandom(0))).toEqual(fitPicture(one, plain));
});

test("two crops contradict each other", () => {
  const twice = [pictures.randomResizedCrop(), pictures.randomResizedCrop()];
  expect(() => augmentPicture(decoded(), twice, plain, seededRandom(0))).toThrow(
    '[data/augment] expected at most one augmentation that crops; received "random-resized-crop" and "random-resized-crop". Leave one out',
  );
});

test("colour jitter draws factors evenly and leaves out what has no amount", () => {
  const flat: RgbPicture = { width: 1, height: 1, data: Uint8Array.of(100, 100, 100) };
  const brighter = pictures.colorJitter({ brightness: 0.5, contrast: 0, saturation: 0 });
  const levels = Array.from({ length: DRAWS }, (_, seed) => change(brighter, seed, flat).data[0]!);
  expect(Math.min(...levels)).toBeLessThan(52);
  expect(Math.max(...levels)).toBeGreaterThan(147);
  expectShare(levels.filter((level) => level < 100).length / DRAWS, 0.5);
  expectShare(levels.filter((level) => level < 75).length / DRAWS, 0.25);
  const none = pictures.colorJitter({ brightness: 0, contrast: 0, saturation: 0 });
  expect(change(none, 0)).toEqual(picture());
});

test("erasing covers a rectangle of the size that was asked for", () => {
  const from = picture(40, 40);
  const augmentation = pictures.randomErasing({ p: 1, scale: [0.1, 0.2], ratio: [0.5, 2], value: 7 });
  const covered = Array.from({ length: 300 }, (_, seed) => {
    const { data } = change(augmentation, seed, from);
    const gone = Array.from({ length: 1600 }, (_, i) => i).filter((i) => data[i * 3] !== from.data[i * 3]);
    const [xs, ys] = [gone.map((i) => i % 40), gone.map((i) => Math.floor(i / 40))];
    const [w, h] = [Math.max(...xs) - Math.min(...xs) + 1, Math.max(...ys) - Math.min(...ys) + 1];
    expect(gone.every((i) => data[i * 3] === 7 && data[i * 3 + 2] === 7)).toBe(true);
    expect(w * h, "a full rectangle").toBe(gone.length);
    return gone.length / 1600;
  });
  expect(Math.min(...covered)).toBeGreaterThan(0.085);
  expect(Math.max(...covered)).toBeLessThan(0.215);
  const noise = change(pictures.randomErasing({ p: 1, value: "random" }), 1, from).data;
  expect(new Set(noise.filter((level, i) => level !== from.data[i])).size).toBeGreaterThan(20);
});

test("turning goes both ways and fills the corners", () => {
  const white: RgbPicture = { width: 21, height: 21, data: new Uint8Array(21 * 21 * 3).fill(255) };
  const turned = change(pictures.rotation({ degrees: 45, fill: 9 }), 1, white).data;
  expect(turned[0]).toBeLessThan(255);
  expect(turned[0]).toBeGreaterThanOrEqual(9);
  expect(turned[(10 * 21 + 10) * 3]).toBe(255);
  // A mark right of the middle goes up about as often as down.
  const mark = Uint8Array.from(white.data, (_, i) => (Math.floor(i / 3) === 10 * 21 + 19 ? 255 : 0));
  const heights = (seed: number): number => {
    const { data } = change(pictures.rotation({ degrees: 40 }), seed, { ...white, data: mark });
    const [at] = [...data.entries()].reduce((best, next) => (next[1] > best[1] ? next : best));
    return Math.floor(at / 3 / 21);
  };
  const ups = Array.from({ length: 400 }, (_, seed) => heights(seed)).filter((row) => row < 10).length;
  const downs = Array.from({ length: 400 }, (_, seed) => heights(seed)).filter((row) => row > 10).length;
  expect(Math.abs(ups - downs)).toBeLessThan(4 * Math.sqrt(400));
});

test("RandAugment of strength 0 changes little, of n 1 draws each operation", () => {
  const from = picture(12, 12);
  // Only autocontrast shows: twelve operations have no strength then, and equalize needs more pixels.
  expectShare(
    share((seed) => change(pictures.randAugment({ n: 1, m: 0 }), seed, from).data.join() !== from.data.join()),
    1 / 14,
  );
});

test("views are kept under what made them", () => {
  const list = [pictures.horizontalFlip(), pictures.randAugment()];
  const description = describeAugmentations(list);
  const hash = "ab".repeat(32);
  expect(description).toBe(
    '{"version":1,"list":[{"name":"horizontal-flip","options":{"p":0.5}},{"name":"rand-augment","options":{"n":2,"m":9,"interpolation":"bilinear","fill":0}}]}',
  );
  expect(viewHash(hash, 0, description, 7)).toBe(hash);
  const others = [
    viewHash(hash, 1, description, 7),
    viewHash(hash, 2, description, 7),
    viewHash(hash, 1, description, 8),
    viewHash("cd".repeat(32), 1, description, 7),
    viewHash(hash, 1, describeAugmentations([pictures.horizontalFlip({ p: 0.4 })]), 7),
  ];
  expect(new Set([hash, ...others]).size).toBe(6);
  for (const other of others) expect(other).toMatch(/^[0-9a-f]{64}$/);
});

test("views that could not be told apart are refused by name", () => {
  const odd = { ...pictures.horizontalFlip(), name: "theirs", options: { shape: () => 1 } };
  expect(() => describeAugmentations([odd])).toThrow(
    '[data/augment] cannot keep views made by "theirs": its options are no plain JSON, so that others would be taken for them. Mend its options',
  );
});

test("each visit and each view has a stream of its own, the same after a stop", () => {
  const draws = [
    visitRandom(0, 0, "a"),
    visitRandom(0, 1, "a"),
    visitRandom(1, 0, "a"),
    visitRandom(0, 0, "b"),
    viewRandom(0, 1, "a"),
    viewRandom(0, 2, "a"),
  ].map((random) => random.uniform());
  expect(new Set(draws).size).toBe(6);
  expect(visitRandom(0, 1, "a").uniform()).toBe(draws[1]);
  expectShare(
    share((epoch) => drawnView(0, epoch, "a", 4) === 2),
    0.25,
  );
});
