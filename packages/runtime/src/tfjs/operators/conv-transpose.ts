import { attributesOf, convTransposeGeometry } from "@graft-ml/graph";
import { geometry, spatialSizes, windowOf } from "../geometry.ts";
import type { Kernel } from "../kernel.ts";
import { logical, type Value } from "../value.ts";
import { inputGradientOf } from "./conv.ts";
import { picture, pictureValue } from "./picture.ts";

/** `ConvTranspose`: the input gradient of the convolution with the same window. */
export const convTranspose: Kernel = (node, device) => {
  const attributes = attributesOf(node.node);
  const window = windowOf(node);
  return (inputs) => {
    const [x, w, bias] = inputs as readonly [Value, Value, Value | undefined];
    const known = convTransposeGeometry({ node: node.node, attributes }, x.dims.slice(2), w.dims);
    const single = x.dims.length === 3;
    const output = (single ? [1, ...known.output] : known.output) as [number, number];
    const pads = single ? [0, known.pads[0]!, 0, known.pads[1]!] : known.pads;
    const g = geometry(output, spatialSizes(node, w.dims), { ...window, pads, autoPad: "NOTSET" });
    const channels = w.dims[1]! * node.int("group", 1);
    const dx = inputGradientOf(picture(x, device), w, channels, g, node, device);
    const y = bias === undefined ? dx : device.biasAdd(dx, logical(bias, device));
    return pictureValue(y, x.dtype, x.dims.length, device);
  };
};
