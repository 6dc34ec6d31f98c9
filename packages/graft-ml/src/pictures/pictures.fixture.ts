import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";

/** A temporary folder of `each` small pictures a class, no two alike: red squares, green discs, blue stripes. */
export async function pictureFolder(
  each: number,
  classes: readonly string[] = ["disc", "square", "stripes"],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "graft-pictures-"));
  const shapes: Record<string, (i: number) => string> = {
    square: (i) =>
      `<rect x="${20 + i}" y="${10 + i}" width="${60 + i}" height="60" fill="rgb(${200 + i},30,${i * 3})"/>`,
    disc: (i) => `<circle cx="${60 + i}" cy="60" r="${30 + i}" fill="rgb(${i * 3},${180 + i},40)"/>`,
    stripes: (i) =>
      [0, 1, 2, 3]
        .map((k) => `<rect x="0" y="${k * 32 + i}" width="128" height="12" fill="rgb(20,${i * 2},${190 + i})"/>`)
        .join(""),
  };
  for (const name of classes) {
    await mkdir(join(folder, name));
    for (let i = 0; i < each; i++) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><rect width="128" height="128" fill="white"/>${shapes[name]!(i)}</svg>`;
      await sharp(Buffer.from(svg))
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
  return folder;
}
