import { fail } from "@graft-ml/core";

/** Weights that give every class the same say in the loss, samples / (classes · samples of the class), as scikit-learn's `balanced`. */
export function balancedWeights(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  const empty = counts.indexOf(0);
  if (empty !== -1) {
    throw fail(
      "trainers/balanced-weights",
      `expected training samples of every class; class ${empty} has none. Give weights by name, or add samples`,
    );
  }
  return counts.map((count) => labels.length / (classes * count));
}
