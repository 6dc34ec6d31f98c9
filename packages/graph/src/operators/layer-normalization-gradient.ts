import type { GraphBuilder, Value } from "@graft-ml/core";
import { reduceMean } from "../emit.ts";

/** What normalisation over some axes makes of a value. */
export interface Normalized {
  /** (x − mean) · inverse. */
  readonly normal: Value;
  /** 1 / √(var + epsilon), or what an operator has instead, with the axes kept as size 1. */
  readonly inverse: Value;
  readonly axes: readonly number[];
  /** False where no mean was subtracted. */
  readonly centred: boolean;
}

/** Adds the normalisation of a value over axes. */
export function normalize(
  g: GraphBuilder,
  x: Value,
  axes: readonly number[],
  epsilon: number,
  centred: boolean = true,
): Normalized {
  const offset = centred ? g.op("Sub", [x, reduceMean(g, x, axes, true)]) : x;
  const power = reduceMean(g, g.op("Mul", [offset, offset]), axes, true);
  const inverse = g.op("Reciprocal", [g.op("Sqrt", [g.op("Add", [power, g.scalar(epsilon)])])]);
  return { normal: g.op("Mul", [offset, inverse]), inverse, axes, centred };
}

/** The gradient by x from the one by the normalised value. */
export function normalizeGradient(g: GraphBuilder, by: Value, { normal, inverse, axes, centred }: Normalized): Value {
  const along = g.op("Mul", [normal, reduceMean(g, g.op("Mul", [by, normal]), axes, true)]);
  const level = centred ? g.op("Sub", [by, reduceMean(g, by, axes, true)]) : by;
  return g.op("Mul", [inverse, g.op("Sub", [level, along])]);
}
