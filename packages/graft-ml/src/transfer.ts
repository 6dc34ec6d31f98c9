import {
  type BackboneSource,
  type FreezingPlan,
  type FreezingStrategy,
  fail,
  type Head,
  type Preprocessing,
  type RunControl,
  seededRandom,
} from "@graft-ml/core";
import type {
  Augmentation,
  ColumnNames,
  ImageDataset,
  TableFormat,
  TextAugmentation,
  TextDataset,
} from "@graft-ml/data";
import { frozen } from "@graft-ml/freezing";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import type { Mixing, Optimizer, Regularizer, Sampler, Schedule, Solver } from "@graft-ml/trainers";
import { adapterBytes } from "./adapters/adapter-file.ts";
import { saveBundle } from "./bundle.ts";
import { removeCheckpoint } from "./checkpoints/checkpoints.ts";
import { type ClassWeights, classWeights } from "./class-weights.ts";
import type { SampleInput } from "./classifier.ts";
import { type Distillation, teach } from "./distill.ts";
import { predictSource } from "./fit-head.ts";
import { informRegularizers } from "./inform-regularizers.ts";
import { planContext } from "./measuring/plan-context.ts";
import { wholeModel } from "./model.ts";
import { auditModel } from "./plans/audit-freeze.ts";
import { planFit } from "./plans/fit-plan.ts";
import { openSubject, type Subject } from "./subject.ts";
import { summarize } from "./summarize.ts";
import type { ClassificationReport, Prediction, RunSummary, TestPrediction } from "./summary.ts";

/** What to transfer, to what, and how. Everything but the data has a default. */
export interface TransferOptions {
  /**
   * Pictures: a folder (`class/*.jpg`, with or without `train/ val/ test/`). Texts: a table (`reviews.csv`, `.tsv`, `.jsonl`), a folder of
   * tables called train, val and test, or `class/*.txt`. Or a dataset that was read already.
   */
  readonly data: string | ImageDataset | TextDataset;
  /** How a table of texts is read: its columns by name, its encoding. Default: found. */
  readonly table?: ColumnNames & TableFormat;
  /** One of the data's kind. Default: EfficientNet-Lite0 for pictures, MiniLM-L6 for texts. */
  readonly backbone?: BackboneSource<Preprocessing>;
  /** Default: `frozen()`. */
  readonly freezing?: FreezingStrategy;
  /** Default: `linear()`. */
  readonly head?: Head;
  /** Draws splits, folds, initial values and batches; the same seed gives the same run. Default 0. */
  readonly seed?: number;
  /** Share kept for testing where the data is not divided already. Default 0.2. */
  readonly test?: number;
  /** Refuse the first unusable picture or row instead of listing it. Default false. */
  readonly strict?: boolean;
  /** Cache folder. Default: `GRAFT_CACHE`, or the user's. */
  readonly cache?: string;
  /** How an affine head on frozen features is found. Default: `logistic()`. */
  readonly solver?: Solver;
  /** Training engine where something is iterated: `auto` (the fastest here), or a name. Default `auto`. */
  readonly engine?: string;
  /** Of all phases together. Default: what the plan says, and for its last phase 20 with a frozen backbone, 5 otherwise. */
  readonly epochs?: number;
  /** Default 16. */
  readonly batch?: number;
  /**
   * Peak learning rate of every phase. Default 1e-3 where a head, adapters, or only biases and normalisations train, 1e-4 where pretrained
   * kernels do: more would undo what they know.
   */
  readonly rate?: number;
  /** Default: AdamW. */
  readonly optimizer?: Optimizer;
  /** Default: one cycle. */
  readonly schedule?: Schedule;
  /** Epochs without improvement on held-out samples before training stops. Default 5; 0 holds nothing out and runs all epochs. */
  readonly patience?: number;
  /** Chooses the samples of an epoch. Default: each one once. */
  readonly sampler?: Sampler;
  /**
   * Terms that are added to the loss; what one has to know of the pretrained model and of the samples is found out first. Default: none.
   */
  readonly regularizers?: readonly Regularizer[];
  /** Learns what a teacher says of the training samples, beside their labels. Default: nothing. */
  readonly distill?: Distillation;
  /** Batches whose mean gradient makes one update. Default: 1. */
  readonly accumulate?: number;
  /** Decay of an average of what trains, which is then what training leaves. Default: none. */
  readonly ema?: number;
  /** Weight of each class in the loss: `balanced`, or numbers by class. Default: all alike. A head with weights is trained, not solved. */
  readonly classWeights?: ClassWeights;
  /** Largest global gradient norm. Default: no clipping. */
  readonly clipNorm?: number;
  /** Random changes of the training samples, in their order: `augmentations` for pictures, `textAugmentations` for texts. Default: none. */
  readonly augmentation?: readonly (Augmentation | TextAugmentation)[];
  /**
   * Views of each training sample that are kept below a frozen boundary, the sample as it is among them; where the first layer trains
   * every visit is a new one. Default 4 with `augmentation`, else 1.
   */
  readonly views?: number;
  /**
   * Trains on mixtures of two samples: of pixels where the first layer trains, of values at the boundary elsewhere. A head that could be
   * solved is then trained. Default: samples stay apart.
   */
  readonly mixing?: Mixing;
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
  /** Classifies picture files, or texts, by what it was fitted to. */
  predict(inputs: readonly SampleInput[]): Promise<Prediction[]>;
  /** Frees the engine's memory. */
  release(): Promise<void>;
}

const WHERE = "graft/transfer";

/** Takes a pretrained model, freezes what the strategy says, fits a head to the data, and measures it on held-out data. */
export async function transfer(options: TransferOptions): Promise<TransferResult> {
  const started = performance.now();
  const { seed = 0, freezing = frozen(), head = linear() as Head } = options;
  const subject = await openSubject(options);
  const { dataset, backbone, supply } = subject;
  const weights = options.classWeights === undefined ? undefined : classWeights(options.classWeights, dataset);
  const targets = { classes: dataset.classes, ...(weights && { weights }) };
  head.check({ dims: [backbone.card.numFeatures] }, targets);
  const plan = freezing.plan(backbone.groups, await planContext(freezing, options, subject, head, targets));
  refuseQuantized(subject, plan);
  const { checkpoint } = options;
  const { fingerprint } = dataset;
  const teaching = options.distill && (await teach(options.distill, options, subject));
  const informed = await informRegularizers(options, subject, head, targets);
  const taught = teaching && { regularizers: [...(informed.regularizers ?? []), teaching.regularizer] };
  const planned = await planFit(
    { ...options, ...informed, ...taught },
    { fingerprint, backbone, head, targets, seed, plan, ...(teaching && { teaching }) },
  );
  const fitted = await planned.fit(supply);
  const { prepared } = fitted;
  const trainSeconds = fitted.phases.reduce((sum, { seconds }) => sum + seconds.recut + seconds.train, 0);

  const predictor = await openEngine("onnxruntime");
  const predictions = await predictSource(predictor, fitted.headed, head, targets, prepared.test, fitted.temperature);
  const report = head.evaluate(
    predictions,
    prepared.test.targets,
    targets,
    seededRandom(seed).fork("evaluate"),
  ) as unknown as ClassificationReport;
  const model = wholeModel(fitted.backbone, head, targets, fitted.values, fitted.temperature);
  const audit = auditModel(backbone, model, fitted.thawed);
  const truncated = await subject.truncated?.();
  const summary = summarize({
    kind: subject.kind,
    options,
    dataset,
    backbone,
    head,
    plan,
    fitted,
    audit,
    report,
    seed,
    trainSamples: prepared.train.length,
    seconds: { train: trainSeconds, total: (performance.now() - started) / 1000 },
    ...(prepared.extracted && { extracted: prepared.extracted }),
    ...(truncated !== undefined && { truncated }),
  });

  const adapters = plan.phases.flatMap((phase) => phase.adapters ?? []);
  const adapterFile = adapters.length > 0 && {
    "adapter.safetensors": adapterBytes({
      backbone,
      adapters,
      head,
      targets,
      values: fitted.trained,
      temperature: fitted.temperature,
    }),
  };
  const classifier = subject.classifier(model);
  return {
    summary,
    testPredictions: prepared.testSamples.map(({ path, text, pair }, i) => ({
      path,
      ...(text !== undefined && { text }),
      ...(pair !== undefined && { pair }),
      target: prepared.test.targets[i]!,
      ...(predictions[i] as { label: number; probabilities: Float32Array }),
    })),
    async save(folder, extra = {}) {
      const { tokenizer } = subject;
      const content = { model, summary, card: backbone.card, ...(tokenizer && { tokenizer }) };
      const path = await saveBundle(folder, content, { ...extra, ...adapterFile });
      summary.bundle = path;
      if (planned.iterated && checkpoint !== undefined) await removeCheckpoint(checkpoint);
      return path;
    },
    predict: (inputs) => classifier.predict(inputs),
    release: () => classifier.release(),
  };
}

/** Integer products give no gradient: what is to train through them is refused before anything expensive. */
export function refuseQuantized({ backbone: { card } }: Subject, { strategy, phases }: FreezingPlan): void {
  if (
    card.precision === undefined ||
    phases.every(({ groups, adapters = [] }) => groups.length + adapters.length === 0)
  )
    return;
  throw fail(
    WHERE,
    `"${card.id}" with ${card.precision.products} products cannot train, and "${strategy}" trains some of it. Leave backbone.precision out, or take the freezing frozen`,
  );
}
