import { fail, float32, type Head, onlyOptions, type PlainOptions, toNumbers } from "@graft-ml/core";
import { reduceSum } from "@graft-ml/graph";

/** A prediction of the reference head. */
export interface Labelled {
  readonly label: number;
}

/** The smallest head that passes: one affine map. Tests break it one promise at a time. */
export function reference(options: PlainOptions = {}): Head<number, Labelled> {
  onlyOptions("heads/reference", options, []);
  return {
    name: "reference",
    summary: "one affine map, for tests",
    task: "classification",
    closedForm: "multinomial",
    check({ dims }, { classes }) {
      if (dims.length !== 1)
        throw fail("heads/reference", `expected one feature vector a sample; received [${dims.join(", ")}]`);
      if (classes.length < 2) throw fail("heads/reference", `expected at least 2 classes; found ${classes.length}`);
    },
    build(features, { classes }, g, random) {
      const [rows, columns] = [features.dims[1] as number, classes.length];
      const values = Float32Array.from({ length: rows * columns }, () => 0.1 * random.normal());
      const weight = g.parameter("head.weight", float32([rows, columns], values));
      const bias = g.parameter("head.bias", float32([columns], new Float32Array(columns)));
      return { logits: g.op("Gemm", [features, weight, bias]) };
    },
    targetInputs: ({ classes }) => [{ name: "target", dtype: "float32", dims: ["batch", classes.length] }],
    encode(targets, { classes }) {
      const values = targets.flatMap((target) => classes.map((_, k) => (k === target ? 1 : 0)));
      return { target: float32([targets.length, classes.length], values) };
    },
    loss({ logits }, { target }, g) {
      return g.op("Neg", [reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false)]);
    },
    predict: ({ logits }, g, temperature) => ({
      probabilities: g.op("Softmax", [g.op("Mul", [logits, g.scalar(1 / temperature)])], { axis: 1 }),
    }),
    decode({ probabilities }, { classes }) {
      const values = Array.from(toNumbers(probabilities!));
      return Array.from({ length: values.length / classes.length }, (_, i) => {
        const row = values.slice(i * classes.length, (i + 1) * classes.length);
        return { label: row.indexOf(Math.max(...row)) };
      });
    },
    calibrate: () => 1,
    evaluate: (predictions, targets) => ({
      correct: predictions.filter(({ label }, i) => label === targets[i]).length,
    }),
  };
}
