import { type TargetSpec, type Tensors, toNumbers } from "@graft-ml/core";
import { holds, isNear } from "../expectations.ts";
import { type Attached, parameterValues } from "./attach.ts";
import type { HeadProblem } from "./problem.ts";

/** The rows of `probabilities` `[batch, classes]`, which every classification head exports; each sums to 1. */
export function classificationOutput(predicted: Tensors, { targets, spec }: HeadProblem): number[][] {
  const found = predicted.probabilities;
  holds(
    found !== undefined,
    () => `expected the prediction "probabilities"; received ${Object.keys(predicted).join(", ") || "nothing"}`,
  );
  const expected = [targets.length, spec.classes.length];
  holds(
    found.dims.join() === expected.join(),
    () => `expected probabilities [${expected.join(", ")}]; received [${found.dims.join(", ")}]`,
  );
  const values = Array.from(toNumbers(found));
  const rows = targets.map((_, i) => values.slice(i * spec.classes.length, (i + 1) * spec.classes.length));
  for (const [i, row] of rows.entries()) {
    holds(
      row.every((p) => p >= 0 && p <= 1),
      () => `expected probabilities between 0 and 1; sample ${i} has ${row.join(", ")}`,
    );
    const sum = row.reduce((a, b) => a + b, 0);
    holds(Math.abs(sum - 1) < 1e-5, () => `expected probabilities that sum to 1; sample ${i} has ${row.join(", ")}`);
  }
  return rows;
}

/** Each decoded `label` is the most probable class. */
export function isDecodedLabel(predictions: readonly unknown[], predicted: Tensors, { classes }: TargetSpec): void {
  const values = toNumbers(predicted.probabilities!);
  for (const [i, prediction] of predictions.entries()) {
    const { label } = prediction as { label?: unknown };
    const row = Array.from({ length: classes.length }, (_, k) => values[i * classes.length + k]!);
    holds(
      typeof label === "number" && row[label] === Math.max(...row),
      () => `expected sample ${i} to be decoded as class ${row.indexOf(Math.max(...row))}; received ${label}`,
    );
  }
}

/** The head is softmax(x · weight + bias) with the parameters that a solver sets, and no others. */
export function isAffineSoftmax(attached: Attached, predicted: Tensors, problem: HeadProblem): void {
  const { targets, spec, features } = problem;
  const [width, classes] = [features.dims[1]!, spec.classes.length];
  const names = [...attached.parameters].sort().join(", ");
  holds(
    names === "head.bias, head.weight",
    () => `expected the parameters head.weight and head.bias; received ${names}`,
  );
  const { "head.weight": weight, "head.bias": bias } = parameterValues(attached);
  holds(
    weight!.dims.join() === `${width},${classes}`,
    () => `expected head.weight [${width}, ${classes}]; received [${weight!.dims.join(", ")}]`,
  );
  holds(
    bias!.dims.join() === `${classes}`,
    () => `expected head.bias [${classes}]; received [${bias!.dims.join(", ")}]`,
  );
  const [x, w, b] = [toNumbers(features), toNumbers(weight!), toNumbers(bias!)];
  const expected = targets.flatMap((_, i) => {
    const logits = Array.from({ length: classes }, (_, k) => {
      let sum = b[k]!;
      for (let j = 0; j < width; j++) sum += x[i * width + j]! * w[j * classes + k]!;
      return sum;
    });
    const exps = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    return exps.map((value) => value / exps.reduce((p, q) => p + q, 0));
  });
  isNear("softmax(features · head.weight + head.bias)", toNumbers(predicted.probabilities!), expected, 1e-5);
}
