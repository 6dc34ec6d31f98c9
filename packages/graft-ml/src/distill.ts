import { type BackboneSource, fail, float32, type Preprocessing } from "@graft-ml/core";
import {
  type Regularizer,
  regularizers,
  type SampleSource,
  TEACHER_FEATURES,
  TEACHER_LOGITS,
} from "@graft-ml/trainers";
import type { SampleInput } from "./classifier.ts";
import { load } from "./load.ts";
import { openSubject, type Subject } from "./subject.ts";
import type { TransferOptions } from "./transfer.ts";

/** What a model learns from besides the labels. */
export interface Distillation {
  /** Folder of a bundle, whose predictions are learned (Hinton et al., 2015), or a backbone, whose features are (Romero et al., 2015). */
  readonly from: string | BackboneSource<Preprocessing>;
  /** What the teacher counts beside the labels. Default: 1. */
  readonly strength?: number;
  /** Softens predictions. Default: 4. Of a bundle only. */
  readonly temperature?: number;
}

/** What a teacher says of the training samples. */
export interface Teaching {
  /** Who it is: a name and, after #, a hash. */
  readonly teacher: string;
  readonly regularizer: Regularizer;
  /** A row for each training sample, by the name of the input that it is fed to. */
  readonly values: Parameters<typeof import("@graft-ml/trainers").withTeacher>[1];
}

const WHERE = "graft/distill";
/** Samples that a bundle answers for at once. */
const BATCH = 64;

/** Asks the teacher once for every training sample, as the sample is: augmentation is for the pupil. */
export async function teach(
  { from, strength, temperature }: Distillation,
  options: TransferOptions,
  subject: Subject,
): Promise<Teaching> {
  const amount = strength === undefined ? {} : { strength };
  options.control?.onEvent?.({ type: "stage", stage: "teacher" });
  if (typeof from === "string") {
    const regularizer = regularizers.distillLogits({ ...amount, ...(temperature !== undefined && { temperature }) });
    return { ...(await predicted(from, subject)), regularizer };
  }
  if (temperature !== undefined) {
    throw fail(WHERE, "expected a temperature only with a bundle as teacher; a backbone has features, not predictions");
  }
  return embedded(from, options, subject, amount);
}

async function predicted(folder: string, { kind, dataset }: Subject): Promise<Omit<Teaching, "regularizer">> {
  const bundle = await load(folder);
  try {
    if (bundle.kind !== kind) throw fail(WHERE, `the teacher ${folder} is of ${bundle.kind}; the data holds ${kind}`);
    const { classes } = dataset;
    const missing = classes.find((name) => !bundle.manifest.labels.includes(name));
    if (missing !== undefined) {
      throw fail(
        WHERE,
        `the teacher ${folder} knows no class ${JSON.stringify(missing)}; known: ${bundle.manifest.labels.join(", ")}`,
      );
    }
    const inputs = trainingInputs(dataset);
    const logits = new Float32Array(inputs.length * classes.length);
    for (let start = 0; start < inputs.length; start += BATCH) {
      const answers = await bundle.predict(inputs.slice(start, start + BATCH));
      for (const [i, { scores }] of answers.entries()) {
        // Logarithms of probabilities are logits up to a constant, which softmax forgets.
        const row = classes.map((name) => Math.log(Math.max(scores[name]!, 1e-30)));
        logits.set(row, (start + i) * classes.length);
      }
    }
    const values = { [TEACHER_LOGITS]: { ...float32([inputs.length, classes.length], logits), data: logits } };
    return { teacher: `${bundle.manifest.backbone}#${bundle.manifest.model.sha256.slice(0, 16)}`, values };
  } finally {
    await bundle.release();
  }
}

function trainingInputs({ samples }: Subject["dataset"]): SampleInput[] {
  return samples.flatMap((sample): SampleInput[] => {
    if (sample.split !== "train") return [];
    if (!("text" in sample)) return [sample.path];
    return [sample.pair === undefined ? sample.text : [sample.text, sample.pair]];
  });
}

async function embedded(
  from: BackboneSource<Preprocessing>,
  options: TransferOptions,
  { dataset }: Subject,
  amount: { readonly strength?: number },
): Promise<Teaching> {
  const { augmentation: _, views: __, ...plain } = options;
  const { backbone, supply } = await openSubject({ ...plain, data: dataset, backbone: from });
  const { card } = backbone;
  const { train } = await supply.at(card.features);
  const features = await rowsOf(train, card.features);
  const width = features.length / train.length;
  return {
    teacher: `${card.id}#${card.sha256.slice(0, 16)}`,
    regularizer: regularizers.distillFeatures({ width, ...amount }),
    values: { [TEACHER_FEATURES]: { ...float32([train.length, width], features), data: features } },
  };
}

async function rowsOf(source: SampleSource, name: string): Promise<Float32Array> {
  const { [name]: value } = await source.feed({ indices: Array.from({ length: source.length }, (_, i) => i) });
  return value!.data as Float32Array;
}
