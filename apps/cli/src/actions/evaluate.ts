import { resolve } from "node:path";
import { load } from "graft-ml";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { classTable, measures } from "../report-text.ts";

/** Measures a bundle on a folder and prints what came out. */
export async function evaluate(
  bundle: string,
  data: string,
  flags: { json?: boolean; quiet?: boolean },
  io: Io,
): Promise<void> {
  const model = await load(resolve(io.cwd, bundle));
  const progress = watch(io, flags.quiet);
  try {
    const report = await model.evaluate(resolve(io.cwd, data), { control: progress.control });
    progress.stop();
    if (flags.json) io.stdout.write(`${JSON.stringify(report)}\n`);
    else io.stdout.write(`${measures(io, report)}\n${classTable(io, report)}`);
  } finally {
    progress.stop();
    await model.release();
  }
}
