import {
  fail,
  float32,
  type Head,
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

/** Single-label classification with `hidden` fully connected ReLU layers before the last affine map, by softmax cross-entropy. */
export function classification(name: string, summary: string, hidden: readonly number[]): Head<number, Classified> {
  const where = `heads/${name}`;
  return {
    name,
    summary,
    task: "classification",
    ...(hidden.length === 0 ? { closedForm: "multinomial" as const } : {}),
    check(features, { classes }) {
      if (features.dims.length !== 1) {
        throw fail(where, `expected one feature vector a sample; received shape [${features.dims.join(", ")}]`);
      }
      if (classes.length < 2) {
        const found = classes.map((label) => JSON.stringify(label)).join(", ");
        throw fail(
          where,
          `expected at least 2 classes; found ${classes.length}${found && ` (${found})`}. Add a second class folder`,
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
    loss({ logits }, { target }, g) {
      const picked = g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]);
      return g.op("Neg", [reduceSum(g, picked, [1], false)]);
    },
    predict({ logits }, g, temperature) {
      const scaled = temperature === 1 ? logits : g.op("Mul", [logits, g.scalar(1 / temperature)]);
      return { probabilities: g.op("Softmax", [scaled as Value], { axis: 1 }) };
    },
    decode: (outputs, spec) => decode(outputs.probabilities!, spec),
    calibrate: (predictions, targets, { classes }) => temperatureOf(predictions, targets, classes.length),
    evaluate: classificationReport,
  };
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
