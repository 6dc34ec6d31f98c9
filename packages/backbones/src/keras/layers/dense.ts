import { sizeOf, type Tensor } from "@graft-ml/core";
import { activate } from "../activations.ts";
import { type Held, type LayerContext, only, permuted, plain, shaped } from "../layer.ts";

/** `Dense` over the last axis. */
export function dense(c: LayerContext): Held {
  const x = only(c);
  const [kernel, bias] = c.weights(c.settings.boolean("use_bias", true) ? ["kernel", "bias"] : ["kernel"]);
  const width = x.moved ? x.value.dims[1] : x.value.dims.at(-1);
  shaped(c, "a kernel", kernel!, [typeof width === "number" ? width : undefined, c.settings.number("units")]);
  const b = bias && c.parameter("bias", () => bias);
  if (x.moved) {
    // Over the channels of pictures that is a convolution over single pixels.
    const pixelwise = () => {
      const turned = permuted(kernel!, [1, 0]);
      return { ...turned, dims: [...turned.dims, 1, 1] };
    };
    const w = c.parameter("kernel", pixelwise, "pixelwise");
    return activate(c, { value: c.op("Conv", [x.value, w, b], { kernel_shape: [1, 1] }), moved: true });
  }
  const order = x.flattened;
  const w = c.parameter("kernel", () => (order === undefined ? kernel! : unflattened(kernel!, order)), order?.join());
  if (x.value.dims.length === 2 && b !== undefined) {
    return activate(c, { value: c.op("Gemm", [x.value, w, b]), moved: false });
  }
  const product = c.op("MatMul", [x.value, w]);
  return activate(c, { value: b === undefined ? product : c.op("Add", [product, b]), moved: false });
}

/** `Embedding`: rows of a table by whole numbers. */
export function embedding(c: LayerContext): Held {
  if (c.settings.boolean("mask_zero", false)) {
    throw c.fail("masks are not supported; save the model with mask_zero=False and without padding");
  }
  const x = plain(c, only(c));
  const [table] = c.weights(["embeddings"]);
  const dims = [c.settings.number("input_dim"), c.settings.number("output_dim")];
  const rows = c.parameter("embeddings", () => shaped(c, "a table", table!, dims));
  const whole = x.value.dtype === "int64" || x.value.dtype === "int32";
  const ids = whole ? x.value : c.op("Cast", [x.value], { to: 7 });
  return { value: c.op("Gather", [rows, ids], { axis: 0 }), moved: false };
}

/** Rows in the order of a picture that was flattened channels first. */
function unflattened(kernel: Tensor, [channels, height, width]: readonly [number, number, number]): Tensor {
  const units = kernel.dims[1]!;
  const rows = permuted({ ...kernel, dims: [height, width, channels, units] }, [2, 0, 1, 3]);
  return { ...rows, dims: [sizeOf([channels, height, width]), units] };
}
