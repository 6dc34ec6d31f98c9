import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { BackboneSource, FreezingStrategy, Head, Preprocessing } from "@graft-ml/core";
import * as graft from "graft-ml";
import { fitCommandLine } from "../command-line.ts";
import { count, plural } from "../format.ts";
import type { Io } from "../io.ts";
import { outFolder, partialFolder } from "../out-folder.ts";
import { gatherPlugins, makePlugin } from "../plugin-kinds.ts";
import { watch } from "../progress.ts";
import { reportPage } from "../report/page.ts";
import { classTable, measures, reasonCells, timing } from "../report-text.ts";
import { defaultBackbone } from "../settings/default-backbone.ts";
import type { FitSettings } from "../settings/fit-settings.ts";
import { tableOptions } from "../settings/table-options.ts";
import { facts, table } from "../tables.ts";
import { trainingOptions } from "./training-options.ts";

/** Fits, writes bundle and report, and prints what came out. */
export async function fit(settings: FitSettings & { readonly data: string }, io: Io): Promise<void> {
  const { backbone = await defaultBackbone(settings.data) } = settings;
  const options = await transferOptions({ ...settings, backbone });
  const folder = await outFolder({ ...settings, backbone }, io.cwd);
  // Without a cache the features still need a place while the run lasts.
  const scratch = settings.cache === false ? await mkdtemp(join(tmpdir(), "graft-")) : undefined;
  const progress = watch(io, settings.quiet);
  try {
    const result = await graft.transfer({
      ...options,
      ...(scratch && { cache: scratch }),
      checkpoint: partialFolder(folder),
      control: progress.control,
    });
    progress.stop();
    try {
      const command = fitCommandLine(settings, result.summary.seed);
      const html = await reportPage({ summary: result.summary, testPredictions: result.testPredictions, command });
      const bundle = await result.save(folder, { "report.html": html });
      const summary = { ...result.summary, bundle, report: join(bundle, "report.html") };
      io.stdout.write(settings.json ? `${JSON.stringify(summary)}\n` : outcome(summary, settings, io));
    } finally {
      await result.release();
    }
  } finally {
    progress.stop();
    if (scratch) await rm(scratch, { recursive: true, force: true });
  }
}

/** Settings as the library takes them. */
export async function transferOptions(
  settings: FitSettings & { readonly data: string },
): Promise<graft.TransferOptions> {
  const plugins = await gatherPlugins(graft, settings.plugins);
  const { data, lr, epochs, batch, seed, test, engine, strict, resume, solver, optimizer } = settings;
  const { augment, views, mixing } = settings;
  return {
    data,
    ...tableOptions(settings),
    backbone: makePlugin<BackboneSource<Preprocessing>>(plugins, "backbone", settings.backbone),
    freezing: makePlugin<FreezingStrategy>(plugins, "freezing", settings.freezing),
    head: makePlugin<Head>(plugins, "head", settings.head),
    ...(solver !== undefined && {
      solver: makePlugin<NonNullable<graft.TransferOptions["solver"]>>(plugins, "solver", solver),
    }),
    ...(optimizer !== undefined && {
      optimizer: makePlugin<NonNullable<graft.TransferOptions["optimizer"]>>(plugins, "optimizer", optimizer),
    }),
    ...(augment !== undefined && {
      augmentation: augment.map((each) =>
        makePlugin<NonNullable<graft.TransferOptions["augmentation"]>[number]>(plugins, "augment", each),
      ),
    }),
    ...trainingOptions(plugins, settings),
    ...(views !== undefined && { views }),
    ...(mixing !== undefined && {
      mixing: makePlugin<NonNullable<graft.TransferOptions["mixing"]>>(plugins, "mixing", mixing),
    }),
    ...(lr !== undefined && { rate: lr }),
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && { batch }),
    ...(seed !== undefined && { seed }),
    ...(test !== undefined && { test }),
    ...(engine !== undefined && { engine }),
    ...(strict !== undefined && { strict }),
    ...(resume !== undefined && { resume }),
  };
}

function outcome(
  summary: graft.RunSummary & { bundle: string; report: string },
  settings: FitSettings,
  io: Io,
): string {
  const { test, train, parameters, seconds, data, cache } = summary;
  const near = (path: string): string => {
    const short = relative(io.cwd, path);
    return short.startsWith("..") ? path : short;
  };
  const thing = data.kind === "texts" ? "text" : "file";
  const cutOff = data.truncated
    ? [["cut off", `${plural(data.truncated, "text")} longer than the backbone reads`] as const]
    : [];
  const skipped =
    data.skipped.length === 0
      ? []
      : [["skipped", `${plural(data.skipped.length, thing)}, listed in the report`] as const];
  const duplicates =
    data.duplicates === 0 ? [] : [["duplicates", `${plural(data.duplicates, thing)} counted once`] as const];
  const about = facts(io, [
    ["model", `${summary.backbone}, ${summary.freezing}, ${summary.head} (${summary.engine.train})`],
    [
      "trained",
      `${count(parameters.trained)} of ${count(parameters.total)} parameters on ${count(train.samples)} ${data.kind}`,
    ],
    ["time", `${timing(seconds)}`],
    ["cache", `${count(cache.hits)} features found, ${count(cache.misses)} made`],
    ...skipped,
    ...duplicates,
    ...cutOff,
    ["bundle", near(summary.bundle)],
    ["report", near(summary.report)],
  ]);
  const next = settings.quiet
    ? ""
    : `\nnext: graft predict ${near(summary.bundle)} ${data.kind === "texts" ? '"a text"' : "<picture>"}\n`;
  const why = reasonCells(summary.plan);
  const chosen = why === undefined ? "" : `${table(io, why.heading, why.rows)}\n`;
  return `${measures(io, test, data.kind)}\n${classTable(io, test, data.kind)}\n${chosen}${about}${next}`;
}
