import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { checkInterrupted, type RunControl } from "@graft-ml/core";
import { cacheFolder } from "@graft-ml/data";
import sharp from "sharp";
import type { Emoji, EmojiSet } from "./emoji-sets.ts";

const PIXELS = 224;
/** Part of the folder's name: a new recipe gets a new folder. */
const RECIPE = "1";

/** Draws two emoji sets as the `train` and `test` parts of an image folder in the cache; what was drawn before is used again. */
export async function pictureFolder(train: EmojiSet, test: EmojiSet, control: RunControl): Promise<string> {
  const recipe = [
    RECIPE,
    PIXELS,
    sharp.versions.sharp,
    ...[train, test].flatMap(({ title, version }) => [title, version]),
  ];
  const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
  const folder = join(cacheFolder(), "quickstart", key);
  if (await isThere(folder)) return folder;
  const work = `${folder}.${process.pid}-${randomBytes(4).toString("hex")}.graft-tmp`;
  try {
    const jobs = [
      ...train.emoji.map((emoji) => ({ emoji, part: "train" })),
      ...test.emoji.map((emoji) => ({ emoji, part: "test" })),
    ];
    let next = 0;
    let done = 0;
    const worker = async (): Promise<void> => {
      for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
        checkInterrupted(control.signal, "cli/quickstart");
        await paint(job.emoji, join(work, job.part, job.emoji.kind, `${job.emoji.name}.png`));
        control.onEvent?.({ type: "progress", stage: "drawing pictures", done: ++done, total: jobs.length });
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    await rename(work, folder).catch(async (error: unknown) => {
      // Another quickstart may have been first; its pictures are the same.
      if (!(await isThere(folder))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

async function paint({ svg, height }: Emoji, path: string): Promise<void> {
  // At 72 dots an inch one unit is one pixel.
  const picture = sharp(Buffer.from(svg), { density: (72 * PIXELS) / height });
  const bytes = await picture
    .resize(PIXELS, PIXELS, { fit: "contain", background: "#fff" })
    .flatten({ background: "#fff" })
    .png()
    .toBuffer();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
