import { randomUUID } from "node:crypto";
import { rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { checkInterrupted } from "@graft-ml/core";
import { WHERE } from "./hub-error.ts";

/** A lock that its holder has not touched for so long belongs to a process that is gone. */
const STALE_MS = 30_000;
const TOUCH_MS = 5_000;
const POLL_MS = 100;

/** Runs `work` while no other process does for the same file; waits until `done` says that another has finished it. */
export async function locked<T>(
  path: string,
  signal: AbortSignal | undefined,
  done: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const lock = `${path}.lock`;
  for (;;) {
    checkInterrupted(signal, WHERE);
    const finished = await done();
    if (finished !== undefined) return finished;
    if (await take(lock)) break;
    await sleep(POLL_MS);
  }
  const touching = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), TOUCH_MS);
  touching.unref();
  try {
    // Between the look and the lock another may have finished.
    return (await done()) ?? (await work());
  } finally {
    clearInterval(touching);
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > STALE_MS) {
    // Only one of several waiters can move it away; the others find nothing, or the new holder's at the next look.
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside).catch(() => {});
    await rm(aside, { force: true });
  }
  return false;
}
