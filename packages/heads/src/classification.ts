import {
  fail,
  float32,
  type GraphBuilder,
  type Head,
  numberOption,
  type PlainOptions,
  type Random,
  type TargetSpec,
  type Tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { reduceSum } from "@graft-ml/graph";
import { classificationReport, temperatureOf } from "./classification-report.ts";

/** One classified sample. */
export interface Classified {
  /** Index of the most probable class. */
  readonly label: number;
  /** Probability of every class, in the order of `TargetSpec.classes`. */
  readonly probabilities: Float32Array;
}

/** How a classifier is built and judged. */
export interface ClassificationOptions {
  /** Widths of the fully connected ReLU layers before the last affine map. */
  readonly hidden: readonly number[];
  /** Share of a target that is spread evenly over all classes (Szegedy et al., CVPR 2016, section 7), 0..1. Default: 0. */
  readonly smoothing?: number;
}

/** Reads the option `smoothing`; default 0. */
export function smoothingOption(where: string, options: PlainOptions): number {
  return numberOption(where, options, "smoothing", 0, { min: 0, max: 1 });
}

/**
 * Single-label classification by softmax cross-entropy; with label smoothing and class weights as PyTorch's `cross_entropy` has them.
 */
export function classification(
  name: string,
  summary: string,
  { hidden, smoothing = 0 }: ClassificationOptions,
): Head<number, Classified> {
  const where = `heads/${name}`;
  return {
    name,
    summary,
    task: "classification",
    ...(hidden.length === 0 && smoothing === 0 ? { closedForm: "multinomial" as const } : {}),
    check(features, { classes, weights }) {
      if (features.dims.length !== 1) {
        throw fail(where, `expected one feature vector a sample; received shape [${features.dims.join(", ")}]`);
      }
      if (classes.length < 2) {
        const found = classes.map((label) => JSON.stringify(label)).join(", ");
        throw fail(
          where,
          `expected at least 2 classes; found ${classes.length}${found && ` (${found})`}. Add samples of a second class`,
        );
      }
      if (weights !== undefined && weights.length !== classes.length) {
        throw fail(where, `expected one weight a class; received ${weights.length} for ${classes.length} classes`);
      }
      const without = weights?.findIndex((weight) => !(weight > 0 && Number.isFinite(weight))) ?? -1;
      if (without !== -1) {
        throw fail(
          where,
          `expected the weight of class ${JSON.stringify(classes[without])} to be above 0; received ${weights![without]}`,
        );
      }
    },
    build(features, { classes }, g, random) {
      let x = features;
      const widths = [features.dims[1] as number, ...hidden, classes.length];
      for (let i = 1; i < widths.length; i++) {
        const isLast = i === widths.length - 1;
        const prefix = isLast ? "head" : `head.hidden${i - 1}`;
        const [rows, columns] = [widths[i - 1]!, widths[i]!];
        const weight = g.parameter(`${prefix}.weight`, uniform(random.fork(prefix), rows, columns));
        const bias = g.parameter(`${prefix}.bias`, float32([columns], new Float32Array(columns)));
        x = g.op("Gemm", [x, weight, bias]);
        if (!isLast) x = g.op("Relu", [x]);
      }
      return { logits: x };
    },
    targetInputs: ({ classes }) => [{ name: "target", dtype: "float32", dims: ["batch", classes.length] }],
    encode: (targets, { classes }) => ({ target: oneHot(targets, classes.length) }),
    loss({ logits }, { target }, g, spec) {
      const wanted = smoothing === 0 ? target! : smoothed(target!, smoothing, g, spec);
      const picked = g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), wanted]);
      return g.op("Neg", [reduceSum(g, picked, [1], false)]);
    },
    weigh: ({ target }, g, spec) =>
      spec.weights === undefined ? undefined : ownWeights(target!, g, spec.weights, false),
    predict({ logits }, g, temperature) {
      const scaled = temperature === 1 ? logits : g.op("Mul", [logits, g.scalar(1 / temperature)]);
      return { probabilities: g.op("Softmax", [scaled as Value], { axis: 1 }) };
    },
    decode: (outputs, spec) => decode(outputs.probabilities!, spec),
    calibrate: (predictions, targets, { classes }) => temperatureOf(predictions, targets, classes.length),
    evaluate: classificationReport,
  };
}

/**
 * Targets with a share spread over all classes. PyTorch weighs what lands on a class by that class's weight, while the mean divides
 * by the weights of the true classes: hence the quotient.
 */
function smoothed(target: Value, share: number, g: GraphBuilder, { classes, weights }: TargetSpec): Value {
  const kept = g.op("Mul", [target, g.scalar(1 - share)]);
  const each = share / classes.length;
  if (weights === undefined) return g.op("Add", [kept, g.scalar(each)]);
  const spread = g.constant(
    float32(
      [classes.length],
      weights.map((weight) => each * weight),
    ),
  );
  return g.op("Add", [kept, g.op("Div", [spread, ownWeights(target, g, weights, true)])]);
}

/** Weight of each sample's own class. */
function ownWeights(target: Value, g: GraphBuilder, weights: readonly number[], keepdims: boolean): Value {
  const all = g.constant(float32([weights.length], weights));
  return reduceSum(g, g.op("Mul", [target, all]), [1], keepdims);
}

/** Glorot and Bengio's uniform initialisation (2010, eq. 16). */
function uniform(random: Random, rows: number, columns: number): Tensor {
  const limit = Math.sqrt(6 / (rows + columns));
  return float32(
    [rows, columns],
    Float32Array.from({ length: rows * columns }, () => (2 * random.uniform() - 1) * limit),
  );
}

function oneHot(labels: readonly number[], classes: number): Tensor {
  const values = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    values[i * classes + label] = 1;
  });
  return float32([labels.length, classes], values);
}

function decode(probabilities: Tensor, { classes }: TargetSpec): Classified[] {
  const values = toNumbers(probabilities) as Float32Array;
  return Array.from({ length: values.length / classes.length }, (_, i) => {
    const row = values.slice(i * classes.length, (i + 1) * classes.length);
    return { label: row.reduce((best, p, k) => (p > row[best]! ? k : best), 0), probabilities: row };
  });
}
