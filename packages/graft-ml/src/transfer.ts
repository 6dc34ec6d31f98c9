import { efficientnetLite0 } from "@graft-ml/backbones";
import {
  type Backbone,
  type BackboneSource,
  type FreezingStrategy,
  fail,
  type Head,
  type RunControl,
  seededRandom,
} from "@graft-ml/core";
import { type ImageDataset, type ImageSample, imageFolder } from "@graft-ml/data";
import { frozen } from "@graft-ml/freezing";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { type Optimizer, type SampleSource, type Schedule, type Solver, solvers } from "@graft-ml/trainers";
import { saveBundle } from "./bundle.ts";
import { hasCheckpoint, removeCheckpoint } from "./checkpoints.ts";
import { type Extracted, extractFeatures, featureSource } from "./features.ts";
import { predictSource, solveHead } from "./fit-head.ts";
import { wholeModel } from "./model.ts";
import { pictureModel } from "./picture-model.ts";
import { pictureSource } from "./pictures.ts";
import { summarize } from "./summarize.ts";
import type { ClassificationReport, Prediction, RunSummary, TestPrediction } from "./summary.ts";
import { planTraining } from "./training-run.ts";
import { cutForPhase, type PhaseCut } from "./variables.ts";

/** What to transfer, to what, and how. Everything but the data has a default. */
export interface TransferOptions {
  /** Image folder (`class/*.jpg`, with or without `train/ val/ test/`), or one that was read already. */
  readonly data: string | ImageDataset;
  /** Default: EfficientNet-Lite0, whose weights come with the package. */
  readonly backbone?: BackboneSource;
  /** Default: `frozen()`. */
  readonly freezing?: FreezingStrategy;
  /** Default: `linear()`. */
  readonly head?: Head;
  /** Draws splits, folds, initial values and batches; the same seed gives the same run. Default 0. */
  readonly seed?: number;
  /** Share kept for testing where the folder is not divided already. Default 0.2. */
  readonly test?: number;
  /** Refuse the first unusable picture instead of listing it. Default false. */
  readonly strict?: boolean;
  /** Cache folder. Default: `GRAFT_CACHE`, or the user's. */
  readonly cache?: string;
  /** How an affine head on frozen features is found. Default: `logistic()`. */
  readonly solver?: Solver;
  /** Training engine where something is iterated: `auto` (the fastest here), or a name. Default `auto`. */
  readonly engine?: string;
  /** Default 20 with a frozen backbone, 5 otherwise. */
  readonly epochs?: number;
  /** Default 16. */
  readonly batch?: number;
  /** Peak learning rate. Default 1e-3 for a head alone, 1e-4 where pretrained layers train: more would undo what they know. */
  readonly rate?: number;
  /** Default: AdamW. */
  readonly optimizer?: Optimizer;
  /** Default: one cycle. */
  readonly schedule?: Schedule;
  /** Epochs without improvement on held-out samples before training stops. Default 5; 0 holds nothing out and runs all epochs. */
  readonly patience?: number;
  /** Largest global gradient norm. Default: no clipping. */
  readonly clipNorm?: number;
  /**
   * Folder for `checkpoint.safetensors`, which training writes after every epoch and when it is stopped, and which `save` removes.
   * Default: nothing is written.
   */
  readonly checkpoint?: string;
  /**
   * Goes on from the checkpoint, on its engine, to the same weights bit by bit; one of other data or settings is refused, and without
   * one training starts from the beginning. Default false.
   */
  readonly resume?: boolean;
  readonly control?: RunControl;
}

/** A fitted model with its measures. */
export interface TransferResult {
  readonly summary: RunSummary;
  readonly testPredictions: readonly TestPrediction[];
  /** Writes the bundle folder atomically and returns its absolute path; `extra` are further text files by name. */
  save(folder: string, extra?: Readonly<Record<string, string>>): Promise<string>;
  /** Classifies picture files. */
  predict(files: readonly string[]): Promise<Prediction[]>;
  /** Frees the engine's memory. */
  release(): Promise<void>;
}

const WHERE = "graft/transfer";

/** Takes a pretrained model, freezes what the strategy says, fits a head to the data, and measures it on held-out data. */
export async function transfer(options: TransferOptions): Promise<TransferResult> {
  const started = performance.now();
  const { seed = 0, control, freezing = frozen(), head = linear() as Head } = options;
  const dataset = await readData(options);
  const backbone = await (options.backbone ?? efficientnetLite0()).load();
  if ("tokenizer" in backbone.card.preprocessing) {
    throw fail(
      WHERE,
      `"${backbone.card.id}" is a backbone of texts; expected one of pictures, which is what is transferred to so far`,
    );
  }
  const targets = { classes: dataset.classes };
  head.check({ dims: [backbone.card.numFeatures] }, targets);
  const plan = freezing.plan(backbone.groups, options.epochs === undefined ? {} : { epochs: options.epochs });
  const [phase] = plan.phases;
  if (phase === undefined || plan.phases.length > 1) {
    throw fail(WHERE, `expected a freezing plan of one phase; "${plan.strategy}" has ${plan.phases.length}`);
  }
  const cut = cutForPhase(backbone, phase);
  const solved =
    head.closedForm === "multinomial" &&
    cut.trained.length === 0 &&
    options.engine === undefined &&
    options.epochs === undefined;
  const { checkpoint } = options;
  if (solved) await refuseCheckpoint(options);
  const subject = { backbone, cut, head, targets, seed };
  const training = solved
    ? undefined
    : await planTraining(options, { ...subject, dataset, plan, normalization: phase.normalization });
  const prepared = await prepareSamples(options, dataset, backbone, cut);

  const fitStarted = performance.now();
  const task = { ...subject, train: prepared.train, ...(control && { control }) };
  const fitted =
    training === undefined
      ? await solveHead(task, options.solver ?? solvers.logistic())
      : await training.fit(task, prepared.validation);
  const trainSeconds = (performance.now() - fitStarted) / 1000;

  const predictor = await openEngine("onnxruntime");
  const predictions = await predictSource(
    predictor,
    fitted.headed,
    head,
    targets,
    cut.boundary,
    prepared.test,
    fitted.temperature,
  );
  const report = head.evaluate(
    predictions,
    prepared.test.targets,
    targets,
    seededRandom(seed).fork("evaluate"),
  ) as unknown as ClassificationReport;
  const model = wholeModel(backbone, head, targets, fitted.values, fitted.temperature);
  const summary = summarize({
    dataset,
    backbone,
    cut,
    head,
    plan,
    fitted,
    report,
    seed,
    trainSamples: prepared.train.length,
    seconds: { train: trainSeconds, total: (performance.now() - started) / 1000 },
    ...(prepared.extracted && { extracted: prepared.extracted }),
  });

  const classifier = pictureModel(model, backbone.card, dataset.classes);
  return {
    summary,
    testPredictions: prepared.testSamples.map(({ path }, i) => ({
      path,
      target: prepared.test.targets[i]!,
      ...(predictions[i] as { label: number; probabilities: Float32Array }),
    })),
    async save(folder, extra = {}) {
      const path = await saveBundle(folder, { model, summary, card: backbone.card, groups: backbone.groups }, extra);
      summary.bundle = path;
      if (training !== undefined && checkpoint !== undefined) await removeCheckpoint(checkpoint);
      return path;
    },
    predict: (files) => classifier.predict(files),
    release: () => classifier.release(),
  };
}

/** A head that is solved has nothing to go on from: asking for it means that these are not the settings of the stopped run. */
async function refuseCheckpoint({ checkpoint, resume }: TransferOptions): Promise<void> {
  if (!resume || checkpoint === undefined || !(await hasCheckpoint(checkpoint))) return;
  throw fail(
    WHERE,
    `the checkpoint in ${checkpoint} is of a run that trains; this one solves its head. Give the settings of that run, or leave --resume out`,
  );
}

async function readData(options: TransferOptions): Promise<ImageDataset> {
  if (typeof options.data !== "string") return options.data;
  const { seed, test, strict, control } = options;
  return imageFolder(options.data, {
    ...(seed !== undefined && { seed }),
    ...(test !== undefined && { test }),
    ...(strict !== undefined && { strict }),
    ...(control && { control }),
  });
}

/** Samples ready at the boundary. */
interface Prepared {
  readonly train: SampleSource<number>;
  /** The dataset's own validation samples, if it has any. */
  readonly validation?: SampleSource<number>;
  readonly test: SampleSource<number>;
  readonly testSamples: readonly ImageSample[];
  readonly extracted?: Extracted;
}

async function prepareSamples(
  options: TransferOptions,
  dataset: ImageDataset,
  backbone: Backbone,
  cut: PhaseCut,
): Promise<Prepared> {
  const usable = (split: ImageSample["split"], failed: ReadonlySet<string>): ImageSample[] =>
    dataset.samples.filter((sample) => sample.split === split && !failed.has(sample.sha256));
  const parts = async (
    failed: ReadonlySet<string>,
    source: (samples: ImageSample[]) => Promise<SampleSource<number>>,
  ): Promise<Prepared> => {
    const testSamples = usable("test", failed);
    const validation = usable("validation", failed);
    return {
      train: await source(usable("train", failed)),
      test: await source(testSamples),
      testSamples,
      ...(validation.length > 0 && { validation: await source(validation) }),
    };
  };
  if (cut.boundary === backbone.card.input) {
    return parts(new Set(), async (samples) => pictureSource(samples, backbone.card.preprocessing));
  }
  const engine = await openEngine("onnxruntime");
  const extracted = await extractFeatures(backbone, cut.boundary, dataset.samples, {
    engine,
    ...(options.cache !== undefined && { cache: options.cache }),
    ...(options.control && { control: options.control }),
  });
  const [first] = extracted.failed;
  if (options.strict && first)
    throw fail(WHERE, `cannot decode ${first.sample.path}: ${first.reason}. Remove it, or leave strict off`);
  const failed = new Set(extracted.failed.map(({ sample }) => sample.sha256));
  return { ...(await parts(failed, (samples) => featureSource(extracted, samples))), extracted };
}
