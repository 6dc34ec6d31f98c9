import { fail, float32, numberOption, onlyOptions, type PlainOptions, seededRandom } from "@graft-ml/core";
import { reduceMean } from "@graft-ml/graph";
import type { Regularizer } from "./regularizer.ts";

/** Name of the input that a teacher's features are fed to, `[batch, width]`: `withTeacher` feeds it. */
export const TEACHER_FEATURES: string = "teacher_features";

/**
 * Distillation of features (Romero et al., "FitNets", ICLR 2015, eq. 3): strength · mean squared distance between the teacher's features
 * and a linear map of the student's, which is trained along and left behind. Defaults: `width` of the teacher's features: the student's;
 * `strength` 1; `seed` of the map 0.
 */
export function distillFeatures(options: PlainOptions = {}): Regularizer {
  const where = "trainers/distill-features";
  onlyOptions(where, options, ["width", "strength", "seed"]);
  const strength = numberOption(where, options, "strength", 1, { min: 0 });
  const seed = numberOption(where, options, "seed", 0, { min: 0, integer: true });
  const widthFor = (own: number): number => numberOption(where, options, "width", own, { min: 1, integer: true });
  return {
    name: "distill-features",
    summary: "learns features from which a teacher's follow by a linear map",
    own({ dims }) {
      if (dims.length !== 1) throw fail(where, `expected one feature vector a sample; received [${dims.join(", ")}]`);
      const [features, width] = [dims[0]!, widthFor(dims[0]!)];
      const random = seededRandom(seed);
      const limit = Math.sqrt(6 / (features + width));
      const map = Float32Array.from({ length: features * width }, () => (2 * random.uniform() - 1) * limit);
      return { map: float32([features, width], map), shift: float32([width], new Float32Array(width)) };
    },
    term({ features, batch, own, mean }, g) {
      const width = widthFor(features.dims[1] as number);
      const guess = g.op("Add", [g.op("MatMul", [features, own("map")]), own("shift")]);
      const difference = g.op("Sub", [guess, g.input(TEACHER_FEATURES, "float32", [batch, width])]);
      const each = reduceMean(g, g.op("Mul", [difference, difference]), [1], false);
      return g.op("Mul", [mean(each), g.scalar(strength)]);
    },
  };
}
