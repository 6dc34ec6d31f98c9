import { fail } from "@graft-ml/core";

/** Checks that there are samples, that each has `width` values, and that labels are class numbers. */
export function checkLabels(
  where: string,
  values: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  width = 1,
): void {
  if (labels.length === 0) throw fail(where, "expected at least 1 sample; received none");
  if (values.length !== labels.length * width) {
    throw fail(
      where,
      `expected ${labels.length * width} values for ${labels.length} labels; received ${values.length}`,
    );
  }
  checkRange(where, "labels", labels, classes);
  if (width === 1) checkRange(where, "predictions", values, classes);
}

function checkRange(where: string, name: string, numbers: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (!Number.isInteger(value) || value < 0 || value >= classes) {
      throw fail(where, `expected ${name} from 0 to ${classes - 1}; received ${value} for sample ${i}`);
    }
  }
}
