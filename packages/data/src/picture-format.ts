import type { SharpOptions } from "sharp";

/** Pictures with more pixels than this are refused: a small file may unfold to many gigabytes. */
export const PIXEL_LIMIT = 100_000_000;

/** Picture files with more bytes than this are refused: the decoder reads a file whole. */
export const BYTE_LIMIT: number = 512 * 1024 * 1024;

/** Options that every picture is opened with: first frame, no more than the pixel limit, damaged data are an error. */
export const OPEN_OPTIONS: SharpOptions = { limitInputPixels: PIXEL_LIMIT, failOn: "error", pages: 1 };

/** Extensions read as pictures. */
export const PICTURE_EXTENSIONS: ReadonlySet<string> = new Set(
  ".jpg .jpeg .jpe .jfif .png .webp .gif .avif .tif .tiff".split(" "),
);

/** Extensions of pictures that the decoder cannot read. */
export const UNSUPPORTED_EXTENSIONS: ReadonlySet<string> = new Set(
  ".bmp .heic .heif .svg .jp2 .jxl .ico .psd .tga .ppm .pgm .pbm .pnm .dng .cr2 .nef .arw .dcm .exr .hdr".split(" "),
);

/** Bytes that `pictureFormat` needs from a file's start. */
export const SIGNATURE_BYTES = 32;

/** Tells a supported picture by its first bytes, whatever the file is called; undefined for anything else. */
export function pictureFormat(start: Uint8Array): "jpeg" | "png" | "webp" | "gif" | "avif" | "tiff" | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...start.subarray(from, to));
  if (text(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "gif";
  // Some AVIF writers put the generic brand first and `avif` among the compatible ones.
  if (text(4, 8) === "ftyp" && /avi[fs]/.test(text(8, 32))) return "avif";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(0, 4))) return "tiff";
  return undefined;
}

/** The first line of what sharp or the system says, without its own prefix or a final stop. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .split("\n", 1)[0]!
    .replace(/^(Input file|Input buffer)\b/, "file")
    .replace(/\.?\s*$/, "");
}
