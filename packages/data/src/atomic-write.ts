import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const TEMPORARY = /\.[0-9a-f]{12}\.graft-tmp$/;
const STALE_MS = 60 * 60 * 1000;

/** Writes a file so that its name always stands for all of it or for nothing, through crashes and power cuts too. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `${basename(path)}.${randomBytes(6).toString("hex")}.graft-tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

/** Removes temporary files that a killed process left in a folder more than an hour ago. */
export async function sweepTemporary(folder: string, now: number = Date.now()): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(path, { force: true }).catch(() => {});
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; some network file systems sync none. The rename has happened either way.
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
