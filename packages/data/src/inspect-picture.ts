import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import sharp from "sharp";
import { unreadable } from "./folder-walk.ts";
import { BYTE_LIMIT, firstLine, PIXEL_LIMIT, pictureFormat, SIGNATURE_BYTES } from "./picture-format.ts";

const CHUNK = 256 * 1024;

/** What is known of a picture file without decoding it: the hash of its bytes, or why it cannot be used. */
export type PictureFacts = { readonly sha256: string } | { readonly reason: string };

/** Hashes a picture file piece by piece and checks its signature and header: readable, of a known format, within limits. */
export async function inspectPicture(path: string): Promise<PictureFacts> {
  const hashed = await hashPicture(path).catch((error: unknown) => ({ reason: unreadable(error) }));
  if ("reason" in hashed) return hashed;
  try {
    const source = hashed.whole ?? path;
    // The limit is compared here: libvips would refuse with less to say.
    const { width, height } = await sharp(source, { limitInputPixels: false, failOn: "error", pages: 1 }).metadata();
    if (width * height > PIXEL_LIMIT) {
      return { reason: `${width} × ${height} pixels; the limit is ${PIXEL_LIMIT / 1e6} million` };
    }
    return { sha256: hashed.sha256 };
  } catch (error) {
    return { reason: `damaged picture: ${firstLine(error)}` };
  }
}

async function hashPicture(path: string): Promise<{ sha256: string; whole?: Uint8Array } | { reason: string }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size === 0) return { reason: "empty file" };
    if (size > BYTE_LIMIT) return { reason: `${size} bytes; the limit is ${BYTE_LIMIT}` };
    const hash = createHash("sha256");
    const buffer = new Uint8Array(Math.min(size, CHUNK));
    let total = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, total);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      if (total === 0 && pictureFormat(chunk.subarray(0, SIGNATURE_BYTES)) === undefined) {
        return { reason: "damaged picture: content is no JPEG, PNG, WebP, GIF, AVIF or TIFF" };
      }
      hash.update(chunk);
      total += bytesRead;
    }
    // Most pictures fit the buffer: the header check then needs no second look at the file.
    return { sha256: hash.digest("hex"), ...(total <= buffer.length && { whole: buffer.subarray(0, total) }) };
  } finally {
    await file.close();
  }
}
