import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type BackboneCard, fail, type Graph, type LayerGroup } from "@graft-ml/core";
import { writeModel } from "@graft-ml/graph";
import type { RunSummary } from "./summary.ts";

/** What goes into a bundle. */
export interface BundleContent {
  readonly model: Graph;
  readonly summary: RunSummary;
  readonly card: BackboneCard;
  readonly groups: readonly LayerGroup[];
}

/** `graft.json`: everything about a model but its weights. */
export interface Manifest extends RunSummary {
  readonly format: 1;
  readonly task: "classification";
  readonly labels: readonly string[];
  readonly card: BackboneCard;
  readonly model: { readonly file: string; readonly sha256: string; readonly input: string; readonly output: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly created: string;
}

const WHERE = "graft/bundle";
/** Files that make a folder a bundle; a folder with others is never replaced. */
const OWN = new Set(["graft.json", "model.onnx", "report.html", "checkpoint.safetensors"]);

/**
 * Writes a bundle folder and returns its absolute path. It appears whole or not at all: files are written and flushed in a
 * neighbouring folder that is then renamed. An older bundle at the place is replaced; any other folder is refused.
 */
export async function saveBundle(
  folder: string,
  content: BundleContent,
  extra: Readonly<Record<string, string>> = {},
): Promise<string> {
  const target = resolve(folder);
  await checkTarget(target);
  const bytes = writeModel(content.model);
  const manifest = manifestOf(content, bytes);
  const work = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}.graft-tmp`);
  try {
    await mkdir(work, { recursive: true });
    await writeFlushed(join(work, "model.onnx"), bytes);
    for (const [name, text] of Object.entries(extra)) {
      if (name !== basename(name))
        throw fail(WHERE, `expected a file name without folders; received ${JSON.stringify(name)}`);
      await writeFlushed(join(work, name), text);
    }
    await writeFlushed(join(work, "graft.json"), `${JSON.stringify(manifest, null, 2)}\n`);
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

async function writeFlushed(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
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

function manifestOf({ model, summary, card }: BundleContent, bytes: Uint8Array): Manifest {
  return {
    format: 1,
    task: "classification",
    labels: summary.data.classes,
    ...summary,
    card,
    model: {
      file: "model.onnx",
      sha256: createHash("sha256").update(bytes).digest("hex"),
      input: card.input,
      output: model.outputs[0]!.name,
    },
    versions: { node: process.version },
    created: new Date().toISOString(),
  };
}
