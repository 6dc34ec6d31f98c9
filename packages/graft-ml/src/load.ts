import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  type BackboneCard,
  fail,
  type Graph,
  type ImagePreprocessing,
  type RunControl,
  seededRandom,
  type TextPreprocessing,
} from "@graft-ml/core";
import {
  type ColumnNames,
  type DataKind,
  imageFolder,
  loadTokenizer,
  type TableFormat,
  textTable,
} from "@graft-ml/data";
import { type ReadOptions, readModel } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import type { Manifest } from "./bundle.ts";
import { checkManifest, isOfTexts } from "./check-manifest.ts";
import type { Classifier, SampleInput } from "./classifier.ts";
import { besideModel } from "./external-files.ts";
import { pictureModel } from "./pictures/picture-model.ts";
import type { ClassificationReport, Prediction } from "./summary.ts";
import { textModel } from "./texts/text-model.ts";
import { checkVocabulary } from "./texts/text-vocabulary.ts";

/** How a bundle is measured. */
export interface EvaluateOptions {
  /** How a table of texts is read. What is left out: the columns that the bundle was fitted to. */
  readonly table?: ColumnNames & TableFormat;
  readonly control?: RunControl;
}

/** A bundle that was opened. */
export interface LoadedBundle {
  readonly folder: string;
  /** What it was fitted to and answers for. */
  readonly kind: DataKind;
  readonly manifest: Manifest;
  /** Classifies picture files, or texts. */
  predict(inputs: readonly SampleInput[]): Promise<Prediction[]>;
  /** Measures the model on labelled data of its kind: its `test` part where it has one, else all of it. */
  evaluate(data: string, options?: EvaluateOptions): Promise<ClassificationReport>;
  release(): Promise<void>;
}

const WHERE = "graft/load";
const MANIFEST_LIMIT = 16 * 1024 ** 2;
const TOKENIZER_LIMIT = 256 * 1024 ** 2;

/** Opens a bundle folder; a manifest, model or tokenizer that was damaged is refused. */
export async function load(folder: string): Promise<LoadedBundle> {
  const path = resolve(folder);
  const manifest = await readManifest(path);
  const bytes = await readFile(join(path, "model.onnx")).catch((cause) => {
    throw fail(WHERE, `the bundle ${path} has no model.onnx. Fit it again`, { cause });
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== manifest.model.sha256) throw damaged(join(path, "model.onnx"), manifest.model.sha256, sha256);
  const model = readModel(bytes, await tensorsBeside(path, manifest));
  checkInputs(path, model, manifest);
  const texts = isOfTexts(manifest);
  const classifier = texts
    ? await textClassifier(path, model, manifest)
    : pictureModel(model, manifest.card as BackboneCard<ImagePreprocessing>, manifest.labels);
  return {
    folder: path,
    kind: texts ? "texts" : "pictures",
    manifest,
    predict: (inputs) => classifier.predict(inputs),
    evaluate: async (data, options = {}) =>
      measure(
        manifest,
        classifier,
        texts ? await labelledTexts(data, manifest, options) : await pictures(data, options),
      ),
    release: () => classifier.release(),
  };
}

/** Labelled samples that a bundle is measured on. */
interface Measured {
  readonly classes: readonly string[];
  readonly samples: readonly { readonly input: SampleInput; readonly label: number }[];
}

async function pictures(data: string, { control }: EvaluateOptions): Promise<Measured> {
  const { classes, samples } = await imageFolder(data, { test: 0, ...(control && { control }) });
  return { classes, samples: ownTest(samples).map(({ path, label }) => ({ input: path, label })) };
}

async function labelledTexts(data: string, { data: fitted }: Manifest, options: EvaluateOptions): Promise<Measured> {
  const { table, control } = options;
  const { classes, samples } = await textTable(data, {
    ...fitted?.columns,
    ...table,
    test: 0,
    ...(control && { control }),
  });
  return {
    classes,
    samples: ownTest(samples).map(({ text, pair, label }) => ({
      input: pair === undefined ? text : [text, pair],
      label,
    })),
  };
}

function ownTest<T extends { readonly split: string }>(samples: readonly T[]): readonly T[] {
  const tests = samples.filter((sample) => sample.split === "test");
  return tests.length > 0 ? tests : samples;
}

async function measure(
  manifest: Manifest,
  classifier: Classifier,
  { classes: found, samples }: Measured,
): Promise<ClassificationReport> {
  const known = found.map((name) => {
    const index = manifest.labels.indexOf(name);
    if (index < 0)
      throw fail(WHERE, `the bundle knows no class ${JSON.stringify(name)}; known: ${manifest.labels.join(", ")}`);
    return index;
  });
  const probabilities = await classifier.probabilities(samples.map(({ input }) => input));
  const head = linear();
  const targets = { classes: manifest.labels };
  const dims = [samples.length, manifest.labels.length];
  const predictions = head.decode({ probabilities: { dtype: "float32", dims, data: probabilities } }, targets);
  const truth = samples.map((sample) => known[sample.label]!);
  return head.evaluate(
    predictions,
    truth,
    targets,
    seededRandom(manifest.seed).fork("evaluate"),
  ) as unknown as ClassificationReport;
}

async function textClassifier(folder: string, model: Graph, manifest: Manifest): Promise<Classifier> {
  const path = join(folder, "tokenizer.json");
  const found = await stat(path).catch((cause) => {
    throw fail(WHERE, `the bundle ${folder} has no tokenizer.json. Fit it again`, { cause });
  });
  if (found.size > TOKENIZER_LIMIT) throw fail(WHERE, `${path} is larger than ${TOKENIZER_LIMIT} bytes`);
  const tokenizer = await loadTokenizer(path);
  const expected = manifest.tokenizer!.sha256;
  if (tokenizer.sha256 !== expected) throw damaged(path, expected, tokenizer.sha256);
  checkVocabulary(WHERE, join(folder, "model.onnx"), model, manifest.card.input, tokenizer);
  return textModel(model, manifest.card as BackboneCard<TextPreprocessing>, manifest.labels, tokenizer);
}

/** A model whose inputs are others than its description says could only fail when it runs. */
function checkInputs(folder: string, { inputs, outputs }: Graph, { card, model }: Manifest): void {
  const expected = [card.input, ...("tokenizer" in card.preprocessing ? [card.preprocessing.mask] : [])].sort();
  const found = inputs.map(({ name }) => name).sort();
  if (String(found) !== String(expected) || !outputs.some(({ name }) => name === model.output)) {
    const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");
    throw fail(
      WHERE,
      `${join(folder, "model.onnx")}: expected the inputs ${list(expected)} and the output ${list([model.output])}; received ${list(found)} and ${list(outputs.map(({ name }) => name))}. Fit the model again`,
    );
  }
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
  if (found !== sha256) throw damaged(path, sha256, found);
  const external = besideModel(join(folder, "model.onnx"));
  return { external: (location, ...stretch) => (location === file ? external(location, ...stretch) : undefined) };
}

function damaged(path: string, expected: string, received: string): Error {
  return fail(WHERE, `${path} was changed or damaged: expected sha256 ${expected}; received ${received}`);
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
  return checkManifest(WHERE, path, value);
}
