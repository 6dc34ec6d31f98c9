import type { Prediction } from "./summary.ts";

/** A text, or two of a pair; where pictures are classified, the path of a file. */
export type SampleInput = string | readonly [text: string, pair: string];

/** A whole model that answers for samples. */
export interface Classifier<Input = SampleInput> {
  /** Probabilities of every class, `[samples, classes]`. */
  probabilities(inputs: readonly Input[]): Promise<Float32Array>;
  predict(inputs: readonly Input[]): Promise<Prediction[]>;
  /** Frees the engine's memory; the next call prepares the model anew. */
  release(): Promise<void>;
}

/** Probabilities `[samples, classes]` as answers. */
export function predictionsOf(
  inputs: readonly SampleInput[],
  probabilities: Float32Array,
  classes: readonly string[],
): Prediction[] {
  return inputs.map((input, i) => {
    const row = Array.from(probabilities.subarray(i * classes.length, (i + 1) * classes.length));
    const label = row.reduce((best, p, k) => (p > row[best]! ? k : best), 0);
    const [first, pair] = typeof input === "string" ? [input] : input;
    return {
      input: first,
      ...(pair !== undefined && { pair }),
      label: classes[label]!,
      score: row[label]!,
      scores: Object.fromEntries(classes.map((name, k) => [name, row[k]!])),
    };
  });
}
