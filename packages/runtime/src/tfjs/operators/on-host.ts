import { allocate, type Value as GraphValue, type Tensor } from "@graft-ml/core";
import { attributesOf, findOperator, type InferContext } from "@graft-ml/graph";
import type { Device } from "../device.ts";
import { COMPUTED, type Kernel } from "../kernel.ts";
import { hostInts, logical, uploaded, type Value } from "../value.ts";

/**
 * An operator computed on the host by the exact rule that shape arithmetic uses: for index work whose kernels differ
 * from ONNX's, or are missing. On both backends the values are a copy away.
 */
export const onHost: Kernel = (node, device) => {
  const opsets = { "": node.opset, [node.node.domain]: node.opset };
  const { evaluate } = findOperator(node.node, opsets);
  const attributes = attributesOf(node.node);
  if (evaluate === undefined) throw node.fail("has no rule for the host");
  return (inputs) => {
    const tensors = inputs.map((input) => (input === undefined ? undefined : downloaded(input, device)));
    const optional = (i: number): GraphValue | undefined => {
      const tensor = tensors[i];
      return tensor && { name: node.node.inputs[i]!, dtype: tensor.dtype, dims: tensor.dims };
    };
    const context: InferContext = {
      node: node.node,
      opset: node.opset,
      attributes,
      optional,
      input(i) {
        const value = optional(i);
        if (value === undefined) throw node.fail(`lacks its input ${i}`);
        return value;
      },
      constant: (i) => tensors[i],
      unknown: () => "?",
    };
    const results = evaluate(
      context,
      tensors.filter((tensor) => tensor !== undefined),
    );
    if (results === undefined) throw node.fail("cannot be computed from these values");
    const foreign = results.find(({ dtype }) => !COMPUTED.has(dtype));
    if (foreign !== undefined) throw node.fail(`computes in ${foreign.dtype}, which this engine cannot`);
    return results.map((tensor) => uploaded(tensor, device));
  };
};

function downloaded(value: Value, device: Device): Tensor {
  const { dtype } = value;
  const dims = [...value.dims];
  if (dtype === "float32") return { dtype, dims, data: device.readSync(logical(value, device)) as Float32Array };
  const numbers = hostInts(value, device);
  const data = allocate(dtype, numbers.length);
  if (data instanceof BigInt64Array) for (let i = 0; i < data.length; i++) data[i] = BigInt(numbers[i]!);
  else (data as Int32Array).set(numbers);
  return { dtype, dims, data };
}
