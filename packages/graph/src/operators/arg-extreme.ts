import { type InferContext, normalizeAxis, type Shape } from "../operator.ts";
import { type Evaluate, stridesOf } from "./evaluation.ts";

/** Shape rule of `ArgMax` and `ArgMin`. */
export function inferArg(c: InferContext): readonly Shape[] {
  const { dims } = c.input(0);
  const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
  const keep = c.attributes.int("keepdims", 1) === 1;
  return [{ dtype: "int64", dims: keep ? dims.map((dim, i) => (i === axis ? 1 : dim)) : dims.toSpliced(axis, 1) }];
}

/** Index of the element along an axis that beats all others. */
export function evaluateArg(beats: (a: number | bigint, b: number | bigint) => boolean): Evaluate {
  return (c, [x]) => {
    const { dims, data } = x!;
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    const last = c.attributes.int("select_last_index", 0) === 1;
    const count = dims[axis]!;
    const inner = stridesOf(dims)[axis]!;
    if (count === 0) return undefined;
    const found = new BigInt64Array(data.length / count);
    for (let line = 0; line < found.length; line++) {
      const start = Math.floor(line / inner) * inner * count + (line % inner);
      let best = 0;
      for (let k = 1; k < count; k++) {
        const [value, champion] = [data[start + k * inner]!, data[start + best * inner]!];
        if (beats(value, champion) || (last && value === champion)) best = k;
      }
      found[line] = BigInt(best);
    }
    return [{ dtype: "int64", dims: inferArg(c)[0]!.dims as number[], data: found }];
  };
}
