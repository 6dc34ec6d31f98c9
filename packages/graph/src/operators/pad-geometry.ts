import { fail, type GraphBuilder, type GraphNode, type Tensor, toNumbers, type Value } from "@graft-ml/core";
import { type Attributes, normalizeAxis } from "../operator.ts";

/** Elements added before and after each axis; negative ones are cropped. */
export interface PadAmounts {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

interface PadContext {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  constant(index: number): Tensor | undefined;
}

/** Reads a padding's amounts: an input, before operator set 11 an attribute; `undefined` where they are not known. */
export function padAmounts(c: PadContext, rank: number): PadAmounts | undefined {
  const given = c.node.inputs[1] ? c.constant(1) : undefined;
  const pads = c.node.inputs[1] ? given && Array.from(toNumbers(given)) : c.attributes.ints("pads");
  const chosen = c.node.inputs[3] ? c.constant(3) : undefined;
  if (pads === undefined || (c.node.inputs[3] && chosen === undefined)) return undefined;
  const axes =
    chosen === undefined
      ? Array.from({ length: rank }, (_, i) => i)
      : Array.from(toNumbers(chosen), (axis) => normalizeAxis(c.node, axis, rank));
  if (pads.length !== axes.length * 2) {
    throw fail("graph", `node "${c.node.name}" (Pad): ${pads.length} pads do not fit ${axes.length} axes`);
  }
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + axes.length]!;
  });
  return { before, after };
}

/** For each place of a padded axis the place that it copies. Cropping comes first: what is cropped is not mirrored. */
export function padIndices(mode: string, size: number, before: number, after: number): number[] {
  const start = Math.max(0, -before);
  const length = size - start - Math.max(0, -after);
  const lead = Math.max(0, before);
  return Array.from({ length: size + before + after }, (_, i) => {
    const at = i - lead;
    if (mode === "edge") return start + Math.min(Math.max(at, 0), length - 1);
    if (mode === "wrap") return start + (((at % length) + length) % length);
    const period = Math.max(1, 2 * (length - 1));
    const folded = ((at % period) + period) % period;
    return start + (folded < length ? folded : period - folded);
  });
}

/** Adds zeros around a value in the form that the graph's operator set wants; negative amounts crop. */
export function padded(g: GraphBuilder, x: Value, before: readonly number[], after: readonly number[]): Value {
  const pads = [...before, ...after];
  if (pads.every((amount) => amount === 0)) return x;
  return g.opset >= 11 ? g.op("Pad", [x, g.ints(pads)]) : g.op("Pad", [x], { pads });
}
