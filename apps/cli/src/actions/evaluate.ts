import { resolve } from "node:path";
import { load } from "graft-ml";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { classTable, measures } from "../report-text.ts";
import { type TableSettings, tableOptions } from "../settings/table-options.ts";

/** Flags as they are typed. */
export interface EvaluateFlags extends TableSettings {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Measures a bundle on labelled data and prints what came out. */
export async function evaluate(bundle: string, data: string, flags: EvaluateFlags, io: Io): Promise<void> {
  const model = await load(resolve(io.cwd, bundle));
  const progress = watch(io, flags.quiet);
  try {
    const report = await model.evaluate(resolve(io.cwd, data), {
      ...tableOptions(flags),
      control: progress.control,
    });
    progress.stop();
    if (flags.json) io.stdout.write(`${JSON.stringify(report)}\n`);
    else io.stdout.write(`${measures(io, report, model.kind)}\n${classTable(io, report, model.kind)}`);
  } finally {
    progress.stop();
    await model.release();
  }
}
