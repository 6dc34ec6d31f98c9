import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "@graft-ml/core";
import * as graft from "graft-ml";
import { fitCommandLine } from "../command-line.ts";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { defaultBackbone } from "../settings/default-backbone.ts";
import { type Flags, readSettings } from "../settings/read-settings.ts";
import { facts, table } from "../tables.ts";
import { transferOptions } from "./fit.ts";

const WHERE = "cli/find-rate";
/** Lines of the printed curve. */
const LINES = 12;

/** Runs the range test for what the settings would fit, and prints what came out. */
export async function findRateOf(data: string | undefined, flags: Flags, io: Io): Promise<void> {
  const { lowest, highest, steps, cache, ...given } = flags;
  const settings = await readSettings(
    { ...given, ...(cache === false && { cache }), ...(data !== undefined && { data }) },
    io.cwd,
  );
  const source = settings.data;
  if (source === undefined) {
    throw fail(WHERE, "expected a folder of pictures or a table of texts; received none. Name it");
  }
  const { backbone = await defaultBackbone(source) } = settings;
  const { rate: _, resume: __, ...options } = await transferOptions({ ...settings, data: source, backbone });
  const range: Readonly<Record<string, number>> = Object.fromEntries(
    Object.entries({ lowest, highest, steps }).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, numberOf(name, text)]],
    ),
  );
  const scratch = settings.cache === false ? await mkdtemp(join(tmpdir(), "graft-")) : undefined;
  const progress = watch(io, settings.quiet);
  try {
    const found = await graft.findRate({
      ...options,
      ...range,
      ...(scratch && { cache: scratch }),
      control: progress.control,
    });
    progress.stop();
    const fit = fitCommandLine({ ...settings, data: source, lr: rounded(found.safe) }, settings.seed ?? 0);
    io.stdout.write(settings.json ? `${JSON.stringify({ ...found, fit })}\n` : outcome(found, fit, io));
  } finally {
    progress.stop();
    if (scratch) await rm(scratch, { recursive: true, force: true });
  }
}

function numberOf(name: string, text: unknown): number {
  const value = Number(text);
  if (String(text).trim() !== "" && Number.isFinite(value)) return value;
  throw fail(WHERE, `expected --${name} to be a number; received ${JSON.stringify(text)}`);
}

function rounded(rate: number): number {
  return Number(rate.toPrecision(2));
}

function outcome(found: graft.FoundRate, fit: string, io: Io): string {
  const { rates, losses, smoothed, steepest, safe, diverged } = found;
  const every = Math.max(1, Math.floor(rates.length / LINES));
  const curve = rates.flatMap((rate, i) =>
    i % every === 0 || i === rates.length - 1
      ? [[rate.toExponential(1), losses[i]!.toFixed(4), smoothed[i]!.toFixed(4)]]
      : [],
  );
  return `${table(io, ["rate", "loss", "smoothed"], curve)}\n${facts(io, [
    ["model", `${found.backbone}, ${found.freezing}, ${found.head} (${found.engine}, batches of ${found.batch})`],
    ["steepest", steepest.toExponential(1)],
    ["safe", safe.toExponential(1)],
    ["test", diverged ? `the loss diverged at ${rates.at(-1)!.toExponential(1)}` : "the loss never diverged"],
  ])}\nnext: ${fit}\n`;
}
