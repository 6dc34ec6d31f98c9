import type { Device, DeviceTensor } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { form, logical, made, operand, type Value } from "../value.ts";

/** `MatMul` as numpy has it: vectors are widened, leading axes broadcast. */
export const matMul: Kernel = (_, device) => (inputs) => {
  const [a, b] = inputs as readonly [Value, Value];
  const [rankA, rankB] = [a.dims.length, b.dims.length];
  if (rankA > 2 && rankB === 2) {
    const rows = device.reshape(logical(a, device), [-1, a.dims.at(-1)!]);
    const [right, transposed] = factor(b, device);
    return made(
      device.reshape(device.matMul(rows, right, false, transposed), [...a.dims.slice(0, -1), b.dims[1]!]),
      a.dtype,
    );
  }
  if (rankA > 1 && rankB > 1) {
    const [left, transposeA] = factor(a, device);
    const [right, transposeB] = factor(b, device);
    return made(device.matMul(left, right, transposeA, transposeB), a.dtype);
  }
  const left = rankA === 1 ? device.reshape(logical(a, device), [1, a.dims[0]!]) : logical(a, device);
  const right = rankB === 1 ? device.reshape(logical(b, device), [b.dims[0]!, 1]) : logical(b, device);
  const product = device.matMul(left, right, false, false);
  const dims = [...(rankA === 1 ? b.dims.slice(0, -2) : a.dims.slice(0, -1)), ...(rankB === 1 ? [] : [b.dims.at(-1)!])];
  return made(device.reshape(product, dims), a.dtype);
};

/** `Gemm`: `alpha · A · B + beta · C`. */
export const gemm: Kernel = (node, device) => {
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const [transA, transB] = [node.int("transA", 0) !== 0, node.int("transB", 0) !== 0];
  return (inputs) => {
    const [a, b, c] = inputs as readonly [Value, Value, Value | undefined];
    const [left, swappedA] = factor(a, device, transA);
    const [right, swappedB] = factor(b, device, transB);
    let y = scaled(device.matMul(left, right, swappedA, swappedB), alpha, device);
    if (c !== undefined && beta !== 0) {
      const bias = scaled(operand(c, Math.max(1, c.dims.length), undefined, device), beta, device);
      y =
        bias.rank === 1 && bias.shape[0] === y.shape[1]
          ? device.biasAdd(y, bias)
          : device.run("Add", { a: y, b: bias });
    }
    return made(y, a.dtype);
  };
};

/** An operand and whether its last two axes lie swapped, where the backend multiplies such operands at no cost. */
function factor(value: Value, device: Device, transposed = false): [DeviceTensor, boolean] {
  const axes = value.dims.map((_, i) => i);
  const swapped = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  if (device.transposedProducts) {
    const lies = value.order?.join() === swapped.join();
    return [form(value, lies ? swapped : undefined, device), lies !== transposed];
  }
  return [form(value, transposed ? swapped : undefined, device), false];
}

function scaled(x: DeviceTensor, factor: number, device: Device): DeviceTensor {
  return factor === 1 ? x : device.run("Multiply", { a: x, b: device.scalar(factor) });
}
