import { fail, unknownName } from "@graft-ml/core";
import { balancedWeights } from "@graft-ml/trainers";

/** Weights of classes in the loss: `balanced` gives each class the same say; by name, classes that are left out count 1. */
export type ClassWeights = "balanced" | Readonly<Record<string, number>>;

/** What is known of the samples that are weighed. */
export interface WeighedSamples {
  readonly classes: readonly string[];
  readonly samples: readonly { readonly label: number; readonly split: string }[];
}

const WHERE = "graft/class-weights";

/** One weight a class, in the order of the classes; `balanced` counts the training samples. */
export function classWeights(wanted: ClassWeights, { classes, samples }: WeighedSamples): number[] {
  if (wanted === "balanced") {
    const training = samples.filter(({ split }) => split === "train").map(({ label }) => label);
    return balancedWeights(training, classes.length);
  }
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
    throw fail(
      WHERE,
      `expected class weights to be "balanced" or numbers by class; received ${JSON.stringify(wanted)}`,
    );
  }
  for (const [name, weight] of Object.entries(wanted)) {
    if (!classes.includes(name)) throw unknownName(WHERE, "class", name, classes);
    if (!(typeof weight === "number" && weight > 0 && Number.isFinite(weight))) {
      throw fail(
        WHERE,
        `expected the weight of class ${JSON.stringify(name)} to be a number above 0; received ${JSON.stringify(weight)}`,
      );
    }
  }
  return classes.map((name) => (Object.hasOwn(wanted, name) ? wanted[name]! : 1));
}
