import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { onTestFinished } from "vitest";

/** A fresh folder that goes when the test ends; only for tests. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "graft-data-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A PNG of 8 × 8 pixels, another for every number; only for tests. */
export function tinyPicture(number: number): Promise<Buffer> {
  const background = { r: number % 256, g: (number * 7) % 256, b: (number * 13) % 256 };
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
}

/** Writes files below a folder: bytes, or a number for a tiny picture; only for tests. */
export async function plant(
  folder: string,
  files: Readonly<Record<string, number | Uint8Array | string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "number" ? await tinyPicture(content) : content);
  }
}

/** A small PNG whose header promises a width and height; only for tests. */
export async function bombPicture(width: number, height: number): Promise<Buffer> {
  const png = await tinyPicture(1);
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}
