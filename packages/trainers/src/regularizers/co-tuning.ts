import { fail, float32, numberOption, onlyOptions, type PlainOptions, type Tensor } from "@graft-ml/core";
import { reduceSum } from "@graft-ml/graph";
import type { Regularizer, SourceClassifier } from "./regularizer.ts";

const WHERE = "trainers/co-tuning";

/**
 * Co-tuning (You et al., NeurIPS 2020, eq. 3): the pretrained classifier keeps training beside the head, on the source classes that
 * each target class looks like: λ · cross-entropy between p(source class | target class) and its prediction.
 * Default: `strength` (λ) 2.3, that of the authors' code. `source` is the classifier; left out, `transfer` takes that of the backbone.
 */
export function coTuning(options: PlainOptions = {}, source?: SourceClassifier): Regularizer {
  onlyOptions(WHERE, options, ["strength"]);
  const strength = numberOption(WHERE, options, "strength", 2.3, { min: 0 });
  const given = (): SourceClassifier => {
    if (source !== undefined) return source;
    throw fail(WHERE, "expected the pretrained classifier and its relationship to the classes; received none");
  };
  return {
    name: "co-tuning",
    summary: "trains the pretrained classifier on, towards what each class looks like to it",
    ...(source === undefined && {
      informed: async (knowledge) => coTuning(options, await knowledge.classifier()),
    }),
    own({ dims }, { classes }) {
      const { weight, bias, relationship } = given();
      const [features, sourceClasses] = weight.dims as [number, number];
      if (features !== dims[0]) {
        throw fail(WHERE, `expected a classifier of ${dims.join(" × ")} features; received one of ${features}`);
      }
      if (relationship.length !== classes.length || relationship.some((row) => row.length !== sourceClasses)) {
        throw fail(
          WHERE,
          `expected a relationship of ${classes.length} rows of ${sourceClasses}; received ${relationship.length} of ${relationship[0]?.length}`,
        );
      }
      return { weight, bias };
    },
    term({ features, targets, own, mean }, g) {
      const { relationship } = given();
      const target = targets.target;
      if (target === undefined || target.dims.length !== 2) {
        throw fail(WHERE, "expected a head of classes, with its target as [batch, classes]; received another");
      }
      const rows = g.constant(float32([relationship.length, relationship[0]!.length], relationship.flat()));
      const likely = g.op("MatMul", [target, rows]);
      const logits = g.op("Add", [g.op("MatMul", [features, own("weight")]), own("bias")]);
      const agreement = g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), likely]);
      return g.op("Mul", [mean(reduceSum(g, agreement, [1], false)), g.scalar(-strength)]);
    },
  };
}

/**
 * p(source class | target class) as the mean of the pretrained classifier's probabilities `[samples, source classes]` over the samples
 * of each target class (You et al., NeurIPS 2020, section 3.2, "direct approach").
 */
export function sourceRelationship(probabilities: Tensor, labels: readonly number[], classes: number): number[][] {
  const [samples, sourceClasses] = probabilities.dims as [number, number];
  if (samples !== labels.length) {
    throw fail(WHERE, `expected a row of probabilities a label; received ${samples} for ${labels.length}`);
  }
  const counts = new Array<number>(classes).fill(0);
  const sums = counts.map(() => new Array<number>(sourceClasses).fill(0));
  for (const [i, label] of labels.entries()) {
    counts[label]!++;
    const row = sums[label]!;
    for (let s = 0; s < sourceClasses; s++) row[s]! += Number(probabilities.data[i * sourceClasses + s]);
  }
  const empty = counts.indexOf(0);
  if (empty !== -1) throw fail(WHERE, `expected samples of every class; class ${empty} has none`);
  return sums.map((row, k) => row.map((sum) => sum / counts[k]!));
}
