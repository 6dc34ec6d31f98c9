import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fail, type RunControl, seededRandom } from "@graft-ml/core";
import { imageFolder } from "@graft-ml/data";
import { type ReadOptions, readModel } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import type { Manifest } from "./bundle.ts";
import { besideModel } from "./external-files.ts";
import { pictureModel } from "./picture-model.ts";
import type { ClassificationReport, Prediction } from "./summary.ts";

/** A bundle that was opened. */
export interface LoadedBundle {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Classifies picture files. */
  predict(files: readonly string[]): Promise<Prediction[]>;
  /** Measures the model on an image folder: its `test` part where it has one, else all of it. */
  evaluate(data: string, options?: { readonly control?: RunControl }): Promise<ClassificationReport>;
  release(): Promise<void>;
}

const WHERE = "graft/load";
const MANIFEST_LIMIT = 16 * 1024 ** 2;

/** Opens a bundle folder; a manifest or model that was damaged is refused. */
export async function load(folder: string): Promise<LoadedBundle> {
  const path = resolve(folder);
  const manifest = await readManifest(path);
  const bytes = await readFile(join(path, "model.onnx")).catch((cause) => {
    throw fail(WHERE, `the bundle ${path} has no model.onnx. Fit it again`, { cause });
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== manifest.model.sha256) {
    throw fail(
      WHERE,
      `${join(path, "model.onnx")} was changed or damaged: expected sha256 ${manifest.model.sha256}; received ${sha256}`,
    );
  }
  const model = readModel(bytes, await tensorsBeside(path, manifest));
  const classifier = pictureModel(model, manifest.card, manifest.labels);
  return {
    folder: path,
    manifest,
    predict: (files) => classifier.predict(files),
    async evaluate(data, { control } = {}) {
      const dataset = await imageFolder(data, { test: 0, ...(control && { control }) });
      const tests = dataset.samples.filter((sample) => sample.split === "test");
      const samples = tests.length > 0 ? tests : dataset.samples;
      const known = dataset.classes.map((name) => {
        const index = manifest.labels.indexOf(name);
        if (index < 0)
          throw fail(WHERE, `the bundle knows no class ${JSON.stringify(name)}; known: ${manifest.labels.join(", ")}`);
        return index;
      });
      const probabilities = await classifier.probabilities(samples.map((sample) => sample.path));
      const head = linear();
      const targets = { classes: manifest.labels };
      const classes = manifest.labels.length;
      const predictions = head.decode(
        { probabilities: { dtype: "float32", dims: [samples.length, classes], data: probabilities } },
        targets,
      );
      const truth = samples.map((sample) => known[sample.label]!);
      return head.evaluate(
        predictions,
        truth,
        targets,
        seededRandom(manifest.seed).fork("evaluate"),
      ) as unknown as ClassificationReport;
    },
    release: () => classifier.release(),
  };
}

/** How the tensors beside a model are read, after they were found to be those that the bundle was written with. */
async function tensorsBeside(folder: string, { model }: Manifest): Promise<ReadOptions> {
  if (model.external === undefined) return {};
  const { file, sha256 } = model.external;
  const path = join(folder, basename(file));
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw fail(WHERE, `the bundle ${folder} has no ${file}. Fit it again`, { cause });
  }
  const found = hash.digest("hex");
  if (found !== sha256)
    throw fail(WHERE, `${path} was changed or damaged: expected sha256 ${sha256}; received ${found}`);
  const external = besideModel(join(folder, "model.onnx"));
  return { external: (location, ...stretch) => (location === file ? external(location, ...stretch) : undefined) };
}

/** Reads and checks `graft.json`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, "graft.json");
  const found = await stat(path).catch((cause) => {
    throw fail(WHERE, `expected a bundle, a folder with graft.json; received ${folder}`, { cause });
  });
  if (found.size > MANIFEST_LIMIT) throw fail(WHERE, `${path} is larger than ${MANIFEST_LIMIT} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw fail(WHERE, `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const manifest = value as Manifest;
  if (manifest?.format !== 1)
    throw fail(
      WHERE,
      `${path}: expected format 1; received ${JSON.stringify((value as { format?: unknown })?.format)}`,
    );
  const isText = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === "string");
  const { size } = manifest.card?.preprocessing ?? {};
  if (
    !isText(manifest.labels) ||
    typeof manifest.model?.sha256 !== "string" ||
    !Number.isInteger(size) ||
    size < 1 ||
    size > 4096
  ) {
    throw fail(WHERE, `${path} lacks its labels, model hash or preprocessing. Fit the model again`);
  }
  return manifest;
}
