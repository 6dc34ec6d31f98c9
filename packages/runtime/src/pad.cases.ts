import { add, f, floats, ints, type LayerCase } from "./layers.fixture.ts";

const X = [2, 3, 5, 6] as const;
const AMOUNTS: readonly (readonly number[])[] = [
  [0, 0, 1, 2, 0, 0, 3, 0],
  [1, 2, 2, 3, 1, 1, 4, 5],
  [0, 0, -1, 2, 0, 0, 1, -2],
  [0, 0, -2, -1, 0, 0, -1, -3],
  [0, 0, 0, 0, 0, 0, 0, 0],
];

/** Every mode of `Pad`, with axes, negative amounts, and its older form. */
export const padCases: readonly LayerCase[] = [
  ...["constant", "reflect", "edge", "wrap"].flatMap((mode) =>
    AMOUNTS.map(
      (pads): LayerCase => ({
        name: `Pad-19 ${mode} ${pads}`,
        opset: 19,
        inputs: [f(...X)],
        affine: true,
        build: (g, x) => add(g, "Pad", [x, ints(g, ...pads)], { mode }),
      }),
    ),
  ),
  ...["constant", "reflect", "edge"].flatMap((mode): LayerCase[] => [
    {
      name: `Pad-18 ${mode} of axes`,
      opset: 18,
      inputs: [f(...X)],
      affine: true,
      build: (g, x) => add(g, "Pad", [x, ints(g, 1, 2, 3, 0), undefined, ints(g, -1, 2)], { mode }),
    },
    {
      name: `Pad-13 ${mode}`,
      opset: 13,
      inputs: [f(...X)],
      affine: true,
      build: (g, x) => add(g, "Pad", [x, ints(g, 0, 0, 1, 2, 0, 0, 2, 1)], { mode }),
    },
    {
      name: `Pad-2 ${mode}`,
      opset: 10,
      inputs: [f(...X)],
      affine: true,
      build: (g, x) => add(g, "Pad", [x], { mode, pads: [0, 1, 1, 2, 0, 0, 2, 1], value: { float: 0.75 } }),
    },
    {
      name: `Pad-2 ${mode} in operator set 9`,
      opset: 9,
      inputs: [f(...X)],
      affine: true,
      build: (g, x) => add(g, "Pad", [x], { mode, pads: [0, 1, -1, 2, 0, 0, 2, 1] }),
    },
  ]),
  {
    name: "Pad wraps all the way round",
    opset: 19,
    inputs: [f(3)],
    affine: true,
    build: (g, x) => add(g, "Pad", [x, ints(g, 3, 2)], { mode: "wrap" }),
  },
  {
    name: "Pad with a value, which has a gradient too",
    inputs: [f(1), f(2, 3)],
    affine: true,
    build: (g, value, x) => add(g, "Pad", [x, ints(g, 1, 0, 2, 1), g.op("Reshape", [value, ints(g)])]),
  },
  {
    name: "Pad of nothing",
    inputs: [f(0, 3)],
    build: (g, x) => add(g, "Pad", [x, ints(g, 1, 0, 2, 1), floats(g, 4)]),
  },
];
