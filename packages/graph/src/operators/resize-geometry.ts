import { type Dim, fail, type GraphNode, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import { type Attributes, normalizeAxis } from "../operator.ts";

/** What a resize reads of its node. */
export interface ResizeContext {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  constant(index: number): Tensor | undefined;
}

/** One axis of a resize. */
export interface ResizedAxis {
  readonly axis: number;
  readonly size: Dim;
  /** Elements afterwards; a name where they are not known yet. */
  readonly out: Dim;
  readonly scale: number;
  /** First and last place of the crop, as a share of the axis. */
  readonly roi: readonly [number, number];
}

/** How a resize takes its values. */
export interface ResizeRule {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  readonly extrapolation: number;
}

const MODES: readonly string[] = ["nearest", "linear", "cubic"];
const COORDINATES: readonly string[] = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_crop_and_resize",
];
const ROUNDINGS: readonly string[] = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
const POLICIES: readonly string[] = ["stretch", "not_larger", "not_smaller"];

/** `Upsample`, and `Resize` of operator set 10, which has scales alone. */
export function isOldResize({ node, attributes }: ResizeContext): boolean {
  return node.op === "Upsample" || (node.inputs.length <= 2 && !attributes.has("coordinate_transformation_mode"));
}

/** Reads the rule; what is not implemented is refused by name. */
export function resizeRule(c: ResizeContext): ResizeRule {
  const { node, attributes } = c;
  const refuse = (what: string) => fail("graph", `node "${node.name}" (${node.op}): ${what}`);
  const chosen = (name: string, fallback: string, known: readonly string[]): string => {
    const value = attributes.string(name, fallback);
    if (!known.includes(value)) throw refuse(`${name} ${value} is not supported, only ${known.join(", ")}`);
    return value;
  };
  if (attributes.int("antialias", 0) !== 0) throw refuse("antialias is not supported; export the model without it");
  const old = isOldResize(c);
  const mode = chosen("mode", "nearest", MODES) as ResizeRule["mode"];
  if (old && mode === "cubic") throw refuse("mode cubic came with operator set 11");
  return {
    mode,
    coordinates: old ? "asymmetric" : chosen("coordinate_transformation_mode", "half_pixel", COORDINATES),
    nearest: old ? "simple" : chosen("nearest_mode", "round_prefer_floor", ROUNDINGS),
    cubicA: attributes.float("cubic_coeff_a", -0.75),
    excludeOutside: attributes.int("exclude_outside", 0) !== 0,
    extrapolation: attributes.float("extrapolation_value", 0),
  };
}

/** The axes that a resize names, with their new sizes; `undefined` where scales or sizes are not known before running. */
export function resizedAxes(c: ResizeContext, dims: readonly Dim[]): readonly ResizedAxis[] | undefined {
  const axes = givenAxes(c, dims);
  const still = axes?.find(({ scale, roi: [start, end] }) => scale === 1 && (start !== 0 || end !== 1));
  if (still !== undefined) {
    // ONNX Runtime leaves such an axis whole, against the specification: engines would differ.
    throw fail(
      "graph",
      `node "${c.node.name}" (${c.node.op}): a crop of axis ${still.axis} to its own size is not supported; slice it instead`,
    );
  }
  return axes;
}

function givenAxes(c: ResizeContext, dims: readonly Dim[]): readonly ResizedAxis[] | undefined {
  const { node, attributes } = c;
  const rank = dims.length;
  const refuse = (what: string) => fail("graph", `node "${node.name}" (${node.op}): ${what}`);
  const old = isOldResize(c);
  const axes = attributes
    .ints(
      "axes",
      dims.map((_, i) => i),
    )
    .map((axis) => normalizeAxis(node, axis, rank));
  const scales = attributes.has("scales") ? floatsOf(c) : given(c, old ? 1 : 2);
  const sizes = old ? "absent" : given(c, 3);
  if (scales === undefined || sizes === undefined) return undefined;
  const roi = old ? "absent" : given(c, 1);
  if (roi === undefined) return undefined;
  const list = scales === "absent" ? sizes : scales;
  if (list === "absent" || (scales !== "absent" && sizes !== "absent")) throw refuse("expected either scales or sizes");
  if (list.length !== axes.length) throw refuse(`${list.length} scales or sizes do not fit ${axes.length} axes`);
  if (list.some((value) => !(value > 0)))
    throw refuse(`expected scales and sizes above 0; received ${list.join(", ")}`);
  const cropped = !old && attributes.string("coordinate_transformation_mode", "") === "tf_crop_and_resize";
  if (cropped && roi === "absent") throw refuse("tf_crop_and_resize needs the input roi");
  const crop = (i: number): readonly [number, number] =>
    roi === "absent" || !cropped ? [0, 1] : [roi[i] ?? 0, roi[i + axes.length] ?? 1];
  if (scales !== "absent") {
    return axes.map((axis, i) => {
      const size = dims[axis]!;
      const scale = Math.fround(list[i]!);
      const out = typeof size === "string" ? (scale === 1 ? size : "?") : Math.floor(Math.fround(scale * size));
      return { axis, size, out, scale, roi: crop(i) };
    });
  }
  const policy = attributes.string("keep_aspect_ratio_policy", "stretch");
  if (!POLICIES.includes(policy)) throw refuse(`keep_aspect_ratio_policy ${policy} is not supported`);
  const own = axes.map((axis, i) => {
    const size = dims[axis]!;
    return typeof size === "number" ? Math.fround(list[i]! / size) : undefined;
  });
  if (policy === "stretch") {
    return axes.map((axis, i) => ({ axis, size: dims[axis]!, out: list[i]!, scale: own[i] ?? 1, roi: crop(i) }));
  }
  const known = own.filter((scale) => scale !== undefined);
  const common = policy === "not_larger" ? Math.min(...known) : Math.max(...known);
  return axes.map((axis, i) => {
    const size = dims[axis]!;
    const out = known.length < own.length || typeof size === "string" ? "?" : Math.round(Math.fround(common * size));
    return { axis, size, out, scale: common, roi: crop(i) };
  });
}

/** An input's numbers; `absent` where it is left out or empty, `undefined` where it is not known before running. */
function given({ node, constant }: ResizeContext, index: number): readonly number[] | "absent" | undefined {
  if (!node.inputs[index]) return "absent";
  const tensor = constant(index);
  if (tensor === undefined) return undefined;
  return sizeOf(tensor.dims) === 0 ? "absent" : Array.from(toNumbers(tensor));
}

function floatsOf({ node }: ResizeContext): readonly number[] {
  const scales = node.attributes.scales;
  if (scales?.type !== "floats")
    throw fail("graph", `node "${node.name}" (${node.op}): expected attribute scales of type floats`);
  return scales.value;
}
