import { fail, toNumbers } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { picked, stridesOf } from "./evaluation.ts";

/** Whole copies side by side along each axis; the gradient sums over the copies. */
export const tile: Operator = {
  op: "Tile",
  since: 6,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const repeats = c.constant(1);
    if (repeats === undefined) return [{ dtype, dims: dims.map(() => c.unknown()) }];
    const counts = toNumbers(repeats);
    if (counts.length !== dims.length) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Tile): ${counts.length} repeats do not fit ${dims.length} dimensions`,
      );
    }
    return [
      {
        dtype,
        dims: dims.map((dim, i) => (counts[i] === 1 ? dim : typeof dim === "number" ? dim * counts[i]! : c.unknown())),
      },
    ];
  },
  evaluate(_, [x, repeats]) {
    const counts = toNumbers(repeats!);
    const out = x!.dims.map((dim, i) => dim * counts[i]!);
    const [own, wide] = [stridesOf(x!.dims), stridesOf(out)];
    return [
      picked(x!, out, (flat) =>
        x!.dims.reduce((place, dim, i) => place + ((Math.floor(flat / wide[i]!) % out[i]!) % dim) * own[i]!, 0),
      ),
    ];
  },
  gradient({ g, inputs, dy }) {
    const dims = staticDims(inputs[0]!);
    const whole = staticDims(dy);
    const apart = dims.flatMap((dim, i) => [whole[i]! / dim, dim]);
    const axes = dims.flatMap((dim, i) => (whole[i] === dim ? [] : [2 * i]));
    return [axes.length === 0 ? dy : reshape(g, reduceSum(g, reshape(g, dy, apart), axes, false), dims)];
  },
};
