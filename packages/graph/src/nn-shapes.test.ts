import { type AttributeLiteral, type Dim, float32, int64 } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { emptyGraph, graphBuilder } from "./builder.ts";

/** The shape of an operator's output. */
function shapeOf(
  op: string,
  inputs: readonly (readonly Dim[])[],
  attributes: Readonly<Record<string, AttributeLiteral>> = {},
  opset: number = 23,
): readonly Dim[] {
  const g = graphBuilder(emptyGraph(opset));
  const values = inputs.map((dims, i) => g.input(`x${i}`, "float32", dims));
  return g.op(op, values, attributes).dims;
}

const PICTURES = ["n", 3, 8, 9] as const;

describe("shapes with names for dimensions", () => {
  it.each([
    ["MaxPool", [PICTURES], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, ["n", 3, 4, 5]],
    ["MaxPool", [["n", 3, 9]], { kernel_shape: [2], strides: [2], ceil_mode: 1 }, ["n", 3, 5]],
    ["AveragePool", [PICTURES], { kernel_shape: [2, 2], auto_pad: "SAME_UPPER", strides: [2, 2] }, ["n", 3, 4, 5]],
    ["GlobalMaxPool", [["n", 3, "h", "w"]], {}, ["n", 3, 1, 1]],
    [
      "Conv",
      [
        ["n", 3, 9],
        [4, 3, 3],
      ],
      { strides: [2], pads: [1, 1] },
      ["n", 4, 5],
    ],
    ["ConvTranspose", [PICTURES, [3, 2, 3, 3]], { strides: [2, 2], group: 3 }, ["n", 6, 17, 19]],
    [
      "ConvTranspose",
      [
        ["n", 3, 9],
        [3, 5, 4],
      ],
      { strides: [2], output_shape: [20] },
      ["n", 5, 20],
    ],
    ["LayerNormalization", [["n", "t", 6], [6], [6]], {}, ["n", "t", 6]],
    ["GroupNormalization", [["n", 6, "h"], [6], [6]], { num_groups: 2 }, ["n", 6, "h"]],
    ["DepthToSpace", [["n", 12, 2, 3]], { blocksize: 2 }, ["n", 3, 4, 6]],
    ["SpaceToDepth", [["n", 3, 4, 6]], { blocksize: 2 }, ["n", 12, 2, 3]],
  ] as const)("%s of %j with %j", (op, inputs, attributes, expected) => {
    expect(shapeOf(op, inputs, attributes)).toEqual(expected);
  });

  it("leaves sizes unknown where the input's are", () => {
    const dims = shapeOf("MaxPool", [["n", 3, "h", 8]], { kernel_shape: [2, 2], strides: [2, 2] });
    expect([dims[0], typeof dims[2], dims[3]]).toEqual(["n", "string", 4]);
    const [, depth, height] = shapeOf("DepthToSpace", [["n", "c", "h", 2]], { blocksize: 2 });
    expect([typeof depth, typeof height]).toEqual(["string", "string"]);
    expect(
      shapeOf("ConvTranspose", [
        ["n", 3, "h", 4],
        [3, 2, 2, 2],
      ]).map((dim) => typeof dim),
    ).toEqual(["string", "number", "string", "string"]);
  });
});

describe("refusals name the node and the operator", () => {
  it.each([
    [
      "Conv",
      [
        [1, 2, 3, 4, 5],
        [1, 2, 1, 1, 1],
      ],
      {},
      "(Conv): expected [batch, channels, length] or",
    ],
    [
      "Conv",
      [
        [1, 2, 9],
        [1, 2, 3, 3],
      ],
      {},
      "(Conv): expected [batch, channels, length] or",
    ],
    ["MaxPool", [PICTURES], { kernel_shape: [2] }, "(MaxPool): expected [batch, channels, length] or"],
    ["MaxPool", [["n", 3, "h", 4]], { kernel_shape: [2, 2], auto_pad: "SAME_UPPER" }, "(MaxPool): auto_pad SAME_UPPER"],
    [
      "AveragePool",
      [["n", 3, "h"]],
      { kernel_shape: [2], auto_pad: "SAME_LOWER" },
      "(AveragePool): auto_pad SAME_LOWER",
    ],
    ["ConvTranspose", [PICTURES, [4, 2, 3, 3]], {}, "(ConvTranspose): 3 channels do not fit"],
    ["ConvTranspose", [PICTURES, [3, 2, 3, 3]], { output_padding: [1, 0] }, "output_padding must be smaller"],
    ["GroupNormalization", [[2, 6, 4], [3], [3]], { num_groups: 3 }, "a scale of 3 do not fit 6 channels in opset 23"],
    ["GroupNormalization", [[2, 6, 4], [6], [6]], { num_groups: 4 }, "(GroupNormalization): 4 groups"],
    ["LRN", [PICTURES], { size: 4 }, "(LRN): expected an odd size"],
    ["DepthToSpace", [[1, 6, 2, 2]], { blocksize: 2 }, "(DepthToSpace): 6 channels cannot fill blocks of 2 × 2"],
    ["SpaceToDepth", [[1, 2, 3, 4]], { blocksize: 2 }, "(SpaceToDepth): [3, 4] pixels are no whole blocks"],
    ["SpaceToDepth", [[1, 2, 4]], { blocksize: 2 }, "(SpaceToDepth): expected [batch, channels, height, width]"],
    [
      "MaxUnpool",
      [[1, 1, 2, 2], [1, 1, 2, 2], [4]],
      { kernel_shape: [2, 2] },
      "window's own [1, 1, 3, 3] is not supported",
    ],
    ["LayerNormalization", [[2, 3], [3]], { axis: 2 }, "(LayerNormalization): axis 2 is outside"],
  ] as const)("%s of %j with %j", (op, inputs, attributes, message) => {
    expect(() => shapeOf(op, inputs, attributes)).toThrow(message);
    expect(() => shapeOf(op, inputs, attributes)).toThrow(`node "${op}"`);
  });

  it("refuses an index outside of a MaxUnpool's output", () => {
    const g = graphBuilder();
    const places = g.constant(int64([1, 1, 1, 1], [4]));
    expect(() => g.op("MaxUnpool", [g.constant(float32([1, 1, 1, 1], [1])), places], { kernel_shape: [2, 2] })).toThrow(
      'node "MaxUnpool" (MaxUnpool): index 4 is outside an output of [1, 1, 2, 2]',
    );
  });

  it.each([
    ["RMSNormalization", 22],
    ["GroupNormalization", 17],
    ["LayerNormalization", 16],
  ])("%s in operator set %i", (op, opset) => {
    expect(() => shapeOf(op, [[2, 4], [4], [4]], {}, opset)).toThrow(`uses operator ${op} of opset ${opset}`);
  });

  it("takes scales per group up to operator set 20", () => {
    expect(shapeOf("GroupNormalization", [[2, 6, 4], [3], [3]], { num_groups: 3 }, 20)).toEqual([2, 6, 4]);
    expect(() => shapeOf("GroupNormalization", [[2, 6, 4], [6], [6]], { num_groups: 3 }, 20)).toThrow("a scale of 6");
  });
});
