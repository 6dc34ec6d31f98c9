import { open } from "node:fs/promises";
import { fail, type ImagePreprocessing } from "@graft-ml/core";
import sharp, { type Sharp } from "sharp";
import { BYTE_LIMIT, firstLine, OPEN_OPTIONS, pictureFormat } from "./picture-format.ts";
import { type Box, type RgbPicture, resample } from "./resample.ts";

const WHERE = "data/decode";

/** Files this small are decoded in full without a look at their header, which takes as long as saving could gain. */
const SMALL_BYTES = 64 * 1024;

/** Recipe, sharp and libvips: cached features of another decoder are other features. */
export const DECODER_VERSION: string = `graft-1 sharp-${sharp.versions.sharp} vips-${sharp.versions.vips}`;

/**
 * Decodes a picture file or its bytes to float32 values, `[3, size, size]` or `[size, size, 3]` as the layout says.
 * EXIF orientation is applied, colours become 8-bit sRGB (ICC profiles followed, transparency laid on white), animations
 * give their first frame. The centre crop of `int(crop × shorter side)` pixels is resized as Pillow does it, then
 * `(x − mean) / std`. JPEGs over four times the wanted size are reduced while loading. Throws for what cannot be decoded.
 */
export async function decodeImage(
  source: string | Uint8Array,
  preprocessing: ImagePreprocessing,
): Promise<Float32Array> {
  const out = new Float32Array(3 * preprocessing.size ** 2);
  await decodeInto(source, preprocessing, out, 0);
  return out;
}

/** Decodes as `decodeImage` does, writing the values into `out` from `offset` on. */
export async function decodeInto(
  source: string | Uint8Array,
  preprocessing: ImagePreprocessing,
  out: Float32Array,
  offset: number,
): Promise<void> {
  checkPreprocessing(preprocessing);
  normalizeInto(fitPicture(await decodePicture(source, preprocessing), preprocessing), preprocessing, out, offset);
}

/** A decoded picture, upright, and the part of it that goes into the network. */
export interface DecodedPicture {
  readonly picture: RgbPicture;
  readonly box: Box;
}

/** The wanted part of a decoded picture at the network's size, as Pillow resizes it. */
export function fitPicture({ picture, box }: DecodedPicture, { size, interpolation }: ImagePreprocessing): RgbPicture {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  // All kernels leave every pixel where it is then.
  if ([width, height, picture.width, picture.height].every((side) => side === size)) return picture;
  return { width: size, height: size, data: resample(picture, box, size, interpolation) };
}

/** JPEG bytes of a picture shrunk to fit `size` × `size` pixels (never enlarged), upright and on white, for reports. */
export async function thumbnail(source: string | Uint8Array, size: number): Promise<Buffer> {
  return named(source, async () => {
    return upright(await bytesOf(source))
      .resize(size, size, { fit: "inside", withoutEnlargement: true })
      .jpeg({ quality: 80 })
      .toBuffer();
  });
}

/** Decodes a picture file or its bytes whole, large JPEGs reduced by 2, 4 or 8 as `decodeImage` does it; `box` is the centre crop. */
export async function decodePicture(
  source: string | Uint8Array,
  { size, crop }: ImagePreprocessing,
): Promise<DecodedPicture> {
  return named(source, async () => {
    const bytes = await bytesOf(source);
    const pipeline = upright(bytes);
    let full: { width: number; height: number } | undefined;
    let reduction = 1;
    if (bytes.length > SMALL_BYTES) {
      full = (await sharp(bytes, OPEN_OPTIONS).metadata()).autoOrient;
      reduction = [8, 4, 2].find((factor) => cropSide(full!, crop) >= 2 * factor * size) ?? 1;
    }
    if (full && reduction > 1) {
      // Powers of two fall together with what libjpeg can leave out while decoding; the exact resize comes after.
      const [width, height] = [Math.ceil(full.width / reduction), Math.ceil(full.height / reduction)];
      pipeline.resize(width, height, { fit: "fill", kernel: "cubic" });
    }
    const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} colour channels after conversion`);
    const { width, height } = full ?? info;
    const side = cropSide({ width, height }, crop);
    const left = Math.floor((width - side) / 2) / reduction;
    const top = Math.floor((height - side) / 2) / reduction;
    const box = { left, top, right: left + side / reduction, bottom: top + side / reduction };
    return { picture: { width: info.width, height: info.height, data }, box };
  });
}

function cropSide({ width, height }: { width: number; height: number }, crop: number): number {
  return Math.max(1, Math.trunc(crop * Math.min(width, height)));
}

/** A pipeline that gives the picture upright, without transparency and in sRGB. */
function upright(bytes: Uint8Array): Sharp {
  // libvips would also open SVG, PDF and more, with parsers that no picture of a dataset needs.
  if (pictureFormat(bytes) === undefined) throw new Error("its content is no JPEG, PNG, WebP, GIF, AVIF or TIFF");
  return sharp(bytes, OPEN_OPTIONS).autoOrient().flatten({ background: "#fff" }).toColourspace("srgb");
}

/** Read here and not by libvips, which keeps what it read under the file's name even after the file has changed. */
async function bytesOf(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source !== "string") return source;
  const file = await open(source, "r");
  try {
    const { size } = await file.stat();
    if (size === 0) throw new Error("the file is empty");
    if (size > BYTE_LIMIT) throw new Error(`${size} bytes, the limit is ${BYTE_LIMIT}`);
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

async function named<T>(source: string | Uint8Array, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const name = typeof source === "string" ? JSON.stringify(source) : `${source.length} bytes`;
    throw fail(
      WHERE,
      `expected a picture that can be decoded; received ${name}: ${reasonOf(cause)}. Replace or remove it`,
      {
        cause,
      },
    );
  }
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "no permission to read it";
  return firstLine(error);
}

/** Refuses preprocessing that no picture could go through. */
export function checkPreprocessing({ size, crop, std }: ImagePreprocessing): void {
  if (!Number.isInteger(size) || size < 1 || size > 4096) {
    throw fail(WHERE, `expected preprocessing.size to be 1 to 4096 pixels; received ${size}`);
  }
  if (!(crop > 0 && crop <= 1))
    throw fail(WHERE, `expected preprocessing.crop to be above 0, at most 1; received ${crop}`);
  if (std.some((value) => !(value > 0)))
    throw fail(WHERE, `expected preprocessing.std to be positive; received ${std}`);
}

const tables = new WeakMap<ImagePreprocessing, readonly Float32Array[]>();

function tablesOf(preprocessing: ImagePreprocessing): readonly Float32Array[] {
  const known = tables.get(preprocessing);
  if (known) return known;
  const { mean, std } = preprocessing;
  const made = mean.map((m, channel) => Float32Array.from({ length: 256 }, (_, value) => (value - m) / std[channel]!));
  tables.set(preprocessing, made);
  return made;
}

/** Writes `(x − mean) / std` of a picture of the network's size into `out` from `offset` on, in the layout of the network. */
export function normalizeInto(
  { data: bytes }: RgbPicture,
  preprocessing: ImagePreprocessing,
  out: Float32Array,
  offset: number,
): void {
  const { layout, channels, size } = preprocessing;
  const plane = size * size;
  tablesOf(preprocessing).forEach((table, channel) => {
    const step = layout === "NCHW" ? 1 : 3;
    let to = offset + (layout === "NCHW" ? channel * plane : channel);
    let from = channels === "RGB" ? channel : 2 - channel;
    for (let i = 0; i < plane; i++, from += 3, to += step) out[to] = table[bytes[from]!]!;
  });
}
