import type { Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { add, f, floats, ints, type LayerAttributes, type LayerCase } from "./layers.fixture.ts";

interface Resized {
  readonly dims?: readonly number[];
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
  readonly roi?: readonly number[];
  readonly opset?: number;
}

const X = [1, 2, 5, 6] as const;
/** A last bit that falls otherwise moves a weight by 1e-6 or so. */
const TOLERANCE = 5e-6;

function resized(attributes: LayerAttributes, { dims = X, scales, sizes, roi, opset = 19 }: Resized): LayerCase {
  const build = (g: OpenGraph, x: Value): Value => {
    // Operator set 11 knows none of its inputs as left out: an empty one stands for that.
    const none = opset < 13 ? floats(g) : undefined;
    const crop = roi ? floats(g, ...roi) : none;
    const by = scales === undefined ? [crop, none, ints(g, ...sizes!)] : [crop, floats(g, ...scales)];
    return add(g, "Resize", [x, ...by], attributes)[0]!;
  };
  const to = scales === undefined ? `to ${sizes}` : `by ${scales}`;
  return {
    name: `Resize-${opset} [${dims}] ${to} ${roi ?? ""} ${JSON.stringify(attributes)}`,
    inputs: [f(...dims)],
    affine: true,
    tolerance: TOLERANCE,
    opset,
    build,
  };
}

const UP = { scales: [1, 1, 2, 3] };
const ODD = { scales: [1, 1, 1.7, 0.6] };
const DOWN = { scales: [1, 1, 0.6, 0.5] };
const TO = { sizes: [1, 2, 8, 3] };
const ONE = { sizes: [1, 2, 1, 1] };
const coordinates = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"];
const at = (coordinate_transformation_mode: string, more: LayerAttributes = {}): LayerAttributes => ({
  coordinate_transformation_mode,
  ...more,
});

const modes: readonly LayerCase[] = coordinates.flatMap((place) =>
  [UP, ODD, DOWN, TO, ONE].flatMap((size) => [
    ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((nearest_mode) =>
      resized(at(place, { mode: "nearest", nearest_mode }), size),
    ),
    resized(at(place, { mode: "linear" }), size),
    resized(at(place, { mode: "cubic" }), size),
    resized(at(place, { mode: "cubic", exclude_outside: 1, cubic_coeff_a: { float: -0.5 } }), size),
  ]),
);

const CROP = { sizes: [1, 2, 4, 3], roi: [0, 0, 0.2, 0.4, 1, 1, 0.9, 0.7] };
const BEYOND = { sizes: [1, 2, 4, 7], roi: [0, 0, -0.3, 0.1, 1, 1, 0.8, 1.4] };

const special: readonly LayerCase[] = [
  ...["nearest", "linear", "cubic"].flatMap((mode) =>
    [CROP, BEYOND].map((size) => resized(at("tf_crop_and_resize", { mode, extrapolation_value: { float: 7 } }), size)),
  ),
  ...["not_larger", "not_smaller"].flatMap((keep_aspect_ratio_policy) =>
    ["nearest", "linear"].map((mode) =>
      resized({ mode, keep_aspect_ratio_policy, axes: [2, 3] }, { sizes: [7, 8], opset: 18 }),
    ),
  ),
  resized({ mode: "linear", axes: [2, 3] }, { scales: [2, 0.5], opset: 18 }),
  resized({ mode: "nearest", axes: [-1] }, { sizes: [9], opset: 18 }),
  resized({ mode: "nearest" }, { scales: [2, 2, 1, 1] }),
  resized({ mode: "nearest" }, { dims: [3, 4], scales: [2, 1.5] }),
  resized({ mode: "linear" }, { dims: [3, 4], scales: [2, 1.5] }),
  resized({ mode: "linear" }, { dims: [1, 2, 3, 4, 3], scales: [1, 1, 2, 1.5, 2] }),
  resized({ mode: "linear" }, { ...UP, opset: 13 }),
  resized({ mode: "cubic" }, { ...TO, opset: 11 }),
];

const old: readonly LayerCase[] = [
  ...["nearest", "linear"].flatMap((mode) =>
    [UP, ODD, DOWN].map(
      ({ scales }): LayerCase => ({
        name: `Resize-10 by ${scales} ${mode}`,
        opset: 10,
        inputs: [f(...X)],
        affine: true,
        tolerance: TOLERANCE,
        build: (g, x) => add(g, "Resize", [x, floats(g, ...scales)], { mode }),
      }),
    ),
  ),
  ...["nearest", "linear"].flatMap((mode): LayerCase[] => [
    {
      name: `Upsample-9 ${mode}`,
      opset: 9,
      inputs: [f(...X)],
      affine: true,
      tolerance: TOLERANCE,
      build: (g, x) => add(g, "Upsample", [x, floats(g, 1, 1, 2, 1.5)], { mode }),
    },
    {
      // Its gradient is that of 9; the loss of the test needs Expand, which came with 8.
      name: `Upsample-7 ${mode}`,
      opset: 7,
      inputs: [f(...X)],
      tolerance: TOLERANCE,
      build: (g, x) => add(g, "Upsample", [x], { mode, scales: { type: "floats", value: [1, 1, 3, 2] } }),
    },
  ]),
];

/** Every mode, place and rounding of `Resize`, its older forms, and `Upsample`. */
export const resizeCases: readonly LayerCase[] = [...modes, ...special, ...old];
