import { join } from "node:path";
import type { ImagePreprocessing } from "@graft-ml/core";
import sharp from "sharp";
import { expect, test } from "vitest";
import { DECODER_VERSION, decodeImage, thumbnail } from "./decode.ts";
import { bombPicture, plant, testFolder } from "./folder.fixture.ts";
import { resample } from "./resample.ts";

const plain: ImagePreprocessing = {
  size: 4,
  crop: 1,
  interpolation: "bicubic",
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "NHWC",
  channels: "RGB",
};

const flat = (extra: object = {}) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 }, ...extra } });

/** Two pixels wide: red, blue. */
const redBlue = (width = 2, height = 1) => {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) data[i * 3 + (i % width < width / 2 ? 0 : 2)] = 255;
  return sharp(data, { raw: { width, height, channels: 3 } });
};

test.each<[string, () => Promise<Buffer>, number[], number]>([
  ["JPEG", () => flat().jpeg({ quality: 100 }).toBuffer(), [200, 100, 50], 1],
  ["PNG", () => flat().png().toBuffer(), [200, 100, 50], 0],
  ["PNG with a palette", () => flat().png({ palette: true }).toBuffer(), [200, 100, 50], 0],
  ["WebP", () => flat().webp({ lossless: true }).toBuffer(), [200, 100, 50], 0],
  ["AVIF", () => flat().avif({ quality: 100 }).toBuffer(), [200, 100, 50], 2],
  ["TIFF", () => flat().tiff().toBuffer(), [200, 100, 50], 0],
  ["GIF", () => flat().gif().toBuffer(), [200, 100, 50], 0],
  ["grey JPEG", () => flat().greyscale().jpeg().toBuffer(), [128, 128, 128], 1],
  ["16-bit PNG", () => flat().toColourspace("rgb16").png().toBuffer(), [200, 100, 50], 0],
  ["grey 16-bit PNG", () => flat().toColourspace("grey16").png().toBuffer(), [128, 128, 128], 1],
  ["CMYK JPEG", () => flat().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer(), [200, 100, 50], 32],
  ["a Display P3 profile", () => flat().withIccProfile("p3").png().toBuffer(), [200, 100, 50], 2],
  [
    "half transparent PNG, over white",
    () =>
      flat({ channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0.5 } })
        .png()
        .toBuffer(),
    [227, 177, 152],
    1,
  ],
])("decodes %s", async (_, make, expected, within) => {
  const values = await decodeImage(await make(), plain);
  expect(values).toHaveLength(48);
  for (const [i, value] of [...values].entries())
    expect(Math.abs(value - expected[i % 3]!)).toBeLessThanOrEqual(within);
});

test("takes the first frame of an animation", async () => {
  const frames = Buffer.concat([Buffer.alloc(48, 10), Buffer.alloc(48, 240)]);
  const gif = await sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } })
    .gif()
    .toBuffer();
  expect((await sharp(gif, { animated: true }).metadata()).pages).toBe(2);
  const values = await decodeImage(gif, plain);
  expect(Math.max(...values)).toBeLessThanOrEqual(12);
});

test("turns a picture upright as its EXIF says", async () => {
  const bytes = await redBlue(8, 8).withMetadata({ orientation: 6 }).png().toBuffer();
  const values = await decodeImage(bytes, { ...plain, size: 8 });
  expect([...values.slice(0, 3)]).toEqual([255, 0, 0]);
  expect([...values.slice(-3)]).toEqual([0, 0, 255]);
  expect([...values.slice(21, 24)]).toEqual([255, 0, 0]);
});

test("crops the middle, normalizes and lays out", async () => {
  const bytes = await redBlue(8, 4).png().toBuffer();
  const recipe: ImagePreprocessing = {
    ...plain,
    mean: [55, 0, 0],
    std: [100, 1, 1],
    layout: "NCHW",
    interpolation: "nearest",
  };
  const values = await decodeImage(bytes, recipe);
  expect([...values.slice(0, 4)]).toEqual([2, 2, Math.fround(-0.55), Math.fround(-0.55)]);
  expect([...values.slice(32, 36)]).toEqual([0, 0, 255, 255]);
  const swapped = await decodeImage(bytes, {
    ...recipe,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    channels: "BGR",
    layout: "NHWC",
  });
  expect([...swapped.slice(0, 3)]).toEqual([0, 0, 255]);
});

test("reduces a large JPEG while loading and stays near the exact result", async () => {
  const size = 1024;
  const data = Buffer.alloc(size * size * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    data[i] = 128 + 60 * Math.sin(x / 40) * Math.cos(y / 31 + (i % 3)) + 60 * Math.sin((x * y) / 9000);
  }
  const picture = sharp(data, { raw: { width: size, height: size, channels: 3 } });
  const jpeg = await picture.jpeg({ quality: 95 }).toBuffer();
  expect(jpeg.length).toBeGreaterThan(64 * 1024);
  const recipe = { ...plain, size: 96, crop: 0.875 };
  const reduced = await decodeImage(jpeg, recipe);
  const decoded = await sharp(jpeg).raw().toBuffer();
  const exact = resample(
    { width: size, height: size, data: decoded },
    { left: 64, top: 64, right: 960, bottom: 960 },
    96,
    "bicubic",
  );
  const difference = reduced.reduce((sum, value, i) => sum + Math.abs(value - exact[i]!), 0) / reduced.length;
  expect(difference).toBeLessThan(0.5);
});

test("makes thumbnails that fit and never grow", async () => {
  const large = await sharp(await thumbnail(await redBlue(200, 100).png().toBuffer(), 64)).metadata();
  expect([large.format, large.width, large.height]).toEqual(["jpeg", 64, 32]);
  const small = await sharp(await thumbnail(await redBlue(20, 10).png().toBuffer(), 64)).metadata();
  expect([small.width, small.height]).toEqual([20, 10]);
});

test("names its version", () => {
  expect(DECODER_VERSION).toMatch(/^graft-\d+ sharp-\S+ vips-\S+$/);
});

test("says in one line what cannot be decoded", async () => {
  const folder = testFolder();
  const jpeg = await flat({ width: 300, height: 300 }).jpeg().toBuffer();
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  await plant(folder, {
    "empty.jpg": "",
    "svg.png": svg,
    "cut.jpg": jpeg.subarray(0, jpeg.length - 40),
    "head.jpg": jpeg.subarray(0, 30),
  });
  const said = (name: string) =>
    decodeImage(join(folder, name), plain).then(
      () => "decoded",
      (error: Error) => error.message.replace(`${folder}/`, ""),
    );
  const expected = (name: string, reason: string) =>
    `[data/decode] expected a picture that can be decoded; received "${name}": ${reason}. Replace or remove it`;
  expect(await said("empty.jpg")).toBe(expected("empty.jpg", "the file is empty"));
  expect(await said("svg.png")).toBe(expected("svg.png", "its content is no JPEG, PNG, WebP, GIF, AVIF or TIFF"));
  expect(await said("none.jpg")).toBe(expected("none.jpg", "it does not exist"));
  expect(await said("cut.jpg")).toMatch(
    /^\[data\/decode\] expected a picture that can be decoded; received "cut\.jpg": [^\n]+\. Replace or remove it$/,
  );
  expect(await said("head.jpg")).toMatch(
    /^\[data\/decode\] expected a picture that can be decoded; received "head\.jpg": [^\n]+$/,
  );
});

test("refuses a picture that unfolds beyond the limit", async () => {
  const bomb = await bombPicture(11_000, 10_000);
  await expect(decodeImage(bomb, plain)).rejects.toThrow(
    /^\[data\/decode\] expected a picture that can be decoded; received \d+ bytes: Input image exceeds pixel limit\. Replace or remove it$/,
  );
});

test.each<[Partial<ImagePreprocessing>, string]>([
  [{ size: 0 }, "expected preprocessing.size to be 1 to 4096 pixels; received 0"],
  [{ crop: 2 }, "expected preprocessing.crop to be above 0, at most 1; received 2"],
  [{ std: [1, 0, 1] }, "expected preprocessing.std to be positive; received 1,0,1"],
])("refuses preprocessing %j", async (wrong, message) => {
  await expect(decodeImage(await flat().png().toBuffer(), { ...plain, ...wrong })).rejects.toThrow(
    `[data/decode] ${message}`,
  );
});
