import type { Kernel } from "../kernel.ts";
import { logical, made } from "../value.ts";

/** `DepthToSpace`: channels become blocks of pixels. */
export const depthToSpace: Kernel = (node, device) => {
  const block = node.int("blocksize", 1);
  const outer = node.text("mode", "DCR") === "DCR";
  return (inputs) => {
    const x = inputs[0]!;
    const [batch, channels, height, width] = x.dims as readonly [number, number, number, number];
    const depth = channels / block ** 2;
    const split = outer ? [batch, block, block, depth, height, width] : [batch, depth, block, block, height, width];
    const blocks = device.reshape(logical(x, device), split);
    const turned = device.transpose(blocks, outer ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]);
    return made(device.reshape(turned, [batch, depth, height * block, width * block]), x.dtype);
  };
};

/** `SpaceToDepth`: blocks of pixels become channels. */
export const spaceToDepth: Kernel = (node, device) => {
  const block = node.int("blocksize", 1);
  const outer = node.text("mode", "DCR") === "DCR";
  return (inputs) => {
    const x = inputs[0]!;
    const [batch, channels, height, width] = x.dims as readonly [number, number, number, number];
    const [rows, columns] = [height / block, width / block];
    const pixels = device.reshape(logical(x, device), [batch, channels, rows, block, columns, block]);
    const turned = device.transpose(pixels, outer ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]);
    return made(device.reshape(turned, [batch, channels * block ** 2, rows, columns]), x.dtype);
  };
};
