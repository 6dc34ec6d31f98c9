import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join, relative, resolve } from "node:path";
import { type BackboneSource, fail, type Preprocessing } from "@graft-ml/core";
import { npyBytes, writeAtomically } from "@graft-ml/data";
import * as graft from "graft-ml";
import { count, duration, plural } from "../format.ts";
import type { Io } from "../io.ts";
import { gatherPlugins, makePlugin } from "../plugin-kinds.ts";
import { watch } from "../progress.ts";
import { defaultBackbone } from "../settings/default-backbone.ts";
import { readSettings } from "../settings/read-settings.ts";
import { type TableSettings, tableOptions } from "../settings/table-options.ts";
import { facts } from "../tables.ts";

const WHERE = "cli/embed";

/** Flags as they are typed. */
export interface EmbedFlags extends Omit<TableSettings, "labelColumn"> {
  readonly backbone?: string;
  readonly set?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
  readonly cache?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Embeds the data and writes vectors, with what each row is. */
export async function embedData(data: string, flags: EmbedFlags, io: Io): Promise<void> {
  const started = performance.now();
  const { backbone: named, set } = flags;
  const settings = await readSettings(
    { data, ...(named !== undefined && { backbone: named }), ...(set && { set }) },
    io.cwd,
  );
  const source = settings.data!;
  const backbone = settings.backbone ?? (await defaultBackbone(source));
  const files = await outFiles(source, flags, io.cwd);
  const plugins = await gatherPlugins(graft);
  const scratch = flags.cache === false ? await mkdtemp(join(tmpdir(), "graft-")) : undefined;
  const progress = watch(io, flags.quiet);
  try {
    const embedded = await graft.embed({
      data: source,
      backbone: makePlugin<BackboneSource<Preprocessing>>(plugins, "backbone", backbone),
      ...tableOptions(flags),
      ...(scratch && { cache: scratch }),
      control: progress.control,
    });
    await write(files, embedded, io.cwd);
    progress.stop();
    const { values: _, samples, ...about } = embedded;
    const seconds = Math.round(performance.now() - started) / 1000;
    const told = { ...files, samples: samples.length, ...about, seconds };
    io.stdout.write(flags.json ? `${JSON.stringify(told)}\n` : outcome(embedded, files, seconds, io));
  } finally {
    progress.stop();
    if (scratch) await rm(scratch, { recursive: true, force: true });
  }
}

/** The file of vectors and, beside an array, the file that says what its rows are. */
interface OutFiles {
  readonly out: string;
  readonly rows?: string;
}

async function outFiles(data: string, { out: asked, force = false }: EmbedFlags, cwd: string): Promise<OutFiles> {
  const out = resolve(cwd, asked ?? `${basename(data).slice(0, -extname(data).length || undefined)}.npy`);
  const kind = extname(out).toLowerCase();
  if (kind !== ".npy" && kind !== ".jsonl")
    throw fail(WHERE, `expected --out to end in .npy or .jsonl; received ${JSON.stringify(asked)}`);
  const files = kind === ".npy" ? { out, rows: `${out.slice(0, -4)}.rows.jsonl` } : { out };
  for (const file of Object.values(files)) {
    const there = await stat(file).catch(() => undefined);
    if (there === undefined) continue;
    if (file === data || there.isDirectory())
      throw fail(
        WHERE,
        `${relative(cwd, file) || file} is ${file === data ? "the data" : "a folder"}. Choose another --out`,
      );
    if (!force)
      throw fail(
        WHERE,
        `${relative(cwd, file) || file} is there already. Choose another --out, or say --force to replace it`,
      );
  }
  return files;
}

async function write({ out, rows }: OutFiles, { values, dims, samples }: graft.Embeddings, cwd: string): Promise<void> {
  const [, width] = dims;
  const named = ({ path, ...rest }: graft.Embeddings["samples"][number]): object => {
    const near = relative(cwd, resolve(cwd, path));
    return { input: near.startsWith("..") ? path : near, ...rest };
  };
  if (rows !== undefined) {
    await writeLines(rows, samples.map(named));
    await writeAtomically(out, npyBytes({ dtype: "float32", dims, data: values }));
    return;
  }
  const vector = (i: number): number[] => Array.from(values.subarray(i * width, (i + 1) * width));
  await writeLines(
    out,
    samples.map((sample, i) => ({ ...named(sample), embedding: vector(i) })),
  );
}

async function writeLines(file: string, lines: readonly object[]): Promise<void> {
  await writeAtomically(file, Buffer.concat(lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`))));
}

function outcome(
  { kind, backbone, dims: [samples, width], skipped, cache, truncated }: graft.Embeddings,
  { out, rows }: OutFiles,
  seconds: number,
  io: Io,
): string {
  const near = (path: string): string => (relative(io.cwd, path).startsWith("..") ? path : relative(io.cwd, path));
  return facts(io, [
    ["model", backbone],
    ["vectors", `${count(samples)} ${kind}, ${count(width)} numbers each`],
    ["time", duration(seconds)],
    ["cache", `${count(cache.hits)} features found, ${count(cache.misses)} made`],
    ...(skipped.length === 0 ? [] : [["skipped", plural(skipped.length, "sample")] as const]),
    ...(truncated ? [["cut off", `${plural(truncated, "text")} longer than the backbone reads`] as const] : []),
    ["out", near(out)],
    ...(rows === undefined ? [] : [["rows", near(rows)] as const]),
  ]);
}
