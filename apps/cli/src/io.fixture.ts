import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import type { Io } from "./io.ts";
import { run } from "./run.ts";

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as one whose streams are piped. */
export async function graft(argv: readonly string[], { cwd = tmpdir(), ...rest }: Partial<Io> = {}): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const io: Io = {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal: new AbortController().signal,
    env: {},
    cwd,
    colors: false,
    ...rest,
  };
  const code = await run(argv, io);
  return { code, stdout, stderr };
}

/** A new folder that the system forgets in its own time. */
export async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "graft-cli-"));
}

/** Paints `count` noisy pictures of one colour a class; no two are equal. */
export async function paintClasses(
  folder: string,
  classes: Readonly<Record<string, readonly [number, number, number]>>,
  count: number,
): Promise<void> {
  const side = 40;
  let seed = 7;
  const noise = (): number => (seed = (seed * 16807) % 2147483647) % 50;
  for (const [name, colour] of Object.entries(classes)) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Buffer.from(Array.from({ length: side * side * 3 }, (_, at) => colour[at % 3]! + noise()));
      await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}
