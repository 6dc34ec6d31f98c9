import { attributesOf, convGeometry, convOutputSize, reshape, staticDims } from "@graft-ml/graph";
import { blockedForward, suitsBlocks } from "./blocked.ts";
import { type DepthwiseShape, productForward, suitsProduct } from "./depthwise-product.ts";
import type { Rewrite } from "./index.ts";

/** A depthwise convolution whose kernel is no constant, in blocks of channels or as a matrix product; others stay. */
export const conv: Rewrite = (node, g, { block }) => {
  const [x, w, bias] = node.inputs.map((name) => g.value(name));
  // With constant kernels ONNX Runtime has blocked convolutions of its own, which are faster still.
  if (g.constantOf(w!.name) !== undefined || x!.dims.some((dim) => typeof dim !== "number")) return undefined;
  // Over sequences the kernel runs along one axis, which neither of the ways below knows.
  if (x!.dims.length !== 4) return undefined;
  const [input, kernel] = [staticDims(x!), staticDims(w!)];
  const geometry = convGeometry({ node, attributes: attributesOf(node) }, input, kernel);
  const output = [0, 1].map((axis) => convOutputSize(geometry, axis, input[axis + 2]!, kernel[axis + 2]!));
  const shape: DepthwiseShape = { ...geometry, input, kernel, output };
  if (suitsBlocks(shape, block)) return blockedForward(g, x!, w!, bias, shape, block);
  if (!suitsProduct(shape)) return undefined;
  const y = productForward(g, x!, w!, shape);
  return bias === undefined ? y : g.op("Add", [y, reshape(g, bias, [1, kernel[0]!, 1, 1])]);
};
