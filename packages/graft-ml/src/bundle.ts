import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type BackboneCard, fail, type Graph, type Preprocessing, pieces } from "@graft-ml/core";
import { initializerBytes, writeExternalModel, writeModel } from "@graft-ml/graph";
import type { RunSummary } from "./summary.ts";

/** What goes into a bundle. */
export interface BundleContent {
  readonly model: Graph;
  readonly summary: RunSummary;
  readonly card: BackboneCard<Preprocessing>;
  /** The bytes of `tokenizer.json`, of a model of texts. */
  readonly tokenizer?: Uint8Array;
}

/** `graft.json`: everything about a model but its weights. */
export interface Manifest extends RunSummary {
  readonly format: 1;
  readonly task: "classification";
  readonly labels: readonly string[];
  readonly card: BackboneCard<Preprocessing>;
  /** What cuts texts into the ids that the model takes, in the format of the `tokenizers` libraries. */
  readonly tokenizer?: { readonly file: string; readonly sha256: string };
  readonly model: {
    readonly file: string;
    readonly sha256: string;
    readonly input: string;
    readonly output: string;
    /** The file that holds the model's tensors where one file would be too large. */
    readonly external?: { readonly file: string; readonly sha256: string };
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly created: string;
}

const WHERE = "graft/bundle";
const EXTERNAL = "model.onnx.data";
const TOKENIZER = "tokenizer.json";
/** Files that make a folder a bundle; a folder with others is never replaced. */
const OWN = new Set([
  "graft.json",
  "model.onnx",
  EXTERNAL,
  TOKENIZER,
  "report.html",
  "checkpoint.safetensors",
  "adapter.safetensors",
]);
/** Bytes of tensors from which on they get a file of their own; one ONNX file takes 2 GB. */
const LARGEST = 1.9e9;

/** How a bundle is written. */
export interface BundleOptions {
  /** Bytes of tensors from which on they get a file of their own. Default: 1.9e9. */
  readonly largest?: number;
}

/**
 * Writes a bundle folder and returns its absolute path. It appears whole or not at all: files are written and flushed in a
 * neighbouring folder that is then renamed. An older bundle at the place is replaced; any other folder is refused.
 */
export async function saveBundle(
  folder: string,
  content: BundleContent,
  extra: Readonly<Record<string, string | Uint8Array>> = {},
  { largest = LARGEST }: BundleOptions = {},
): Promise<string> {
  const target = resolve(folder);
  await checkTarget(target);
  const { model: bytes, chunks } =
    initializerBytes(content.model) < largest
      ? { model: writeModel(content.model), chunks: [] }
      : writeExternalModel(content.model, { location: EXTERNAL });
  const manifest = manifestOf(content, bytes, chunks);
  const work = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}.graft-tmp`);
  try {
    await mkdir(work, { recursive: true });
    await writeFlushed(join(work, "model.onnx"), [bytes]);
    if (chunks.length > 0) await writeFlushed(join(work, EXTERNAL), chunks);
    if (content.tokenizer) await writeFlushed(join(work, TOKENIZER), [content.tokenizer]);
    for (const [name, bytes] of Object.entries(extra)) {
      if (name !== basename(name))
        throw fail(WHERE, `expected a file name without folders; received ${JSON.stringify(name)}`);
      await writeFlushed(join(work, name), [bytes]);
    }
    await writeFlushed(join(work, "graft.json"), [`${JSON.stringify(manifest, null, 2)}\n`]);
    await swap(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

/** Refuses to replace anything but a bundle or an empty folder. */
export async function checkTarget(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isDirectory())
    throw fail(WHERE, `expected a folder to write to; received the file ${target}. Choose another --out`);
  const foreign = (await readdir(target)).find((name) => !OWN.has(name));
  if (foreign !== undefined) {
    throw fail(
      WHERE,
      `${target} holds ${JSON.stringify(foreign)}, which is no part of a bundle; it is left alone. Choose another folder`,
    );
  }
}

async function swap(work: string, target: string): Promise<void> {
  const old = `${work}.old`;
  const replaced = await rename(target, old).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  await rename(work, target);
  if (replaced) await rm(old, { recursive: true, force: true });
  await flush(dirname(target));
}

async function writeFlushed(path: string, parts: readonly (Uint8Array | string)[]): Promise<void> {
  const file = await open(path, "w");
  try {
    // Appends: the handle goes on where the last part ended.
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable; platforms that cannot flush folders lose nothing by trying. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function manifestOf(
  { model, summary, card, tokenizer }: BundleContent,
  bytes: Uint8Array,
  chunks: readonly Uint8Array[],
): Manifest {
  return {
    format: 1,
    task: "classification",
    labels: summary.data.classes,
    ...summary,
    card,
    ...(tokenizer && { tokenizer: { file: TOKENIZER, sha256: sha256([tokenizer]) } }),
    model: {
      file: "model.onnx",
      sha256: sha256([bytes]),
      input: card.input,
      output: model.outputs[0]!.name,
      ...(chunks.length > 0 && { external: { file: EXTERNAL, sha256: sha256(chunks) } }),
    },
    versions: { node: process.version },
    created: new Date().toISOString(),
  };
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) for (const piece of pieces(part)) hash.update(piece);
  return hash.digest("hex");
}
