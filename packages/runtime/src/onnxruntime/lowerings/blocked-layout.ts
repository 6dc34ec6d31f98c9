import { type FindOperator, findOperator, type Operator } from "@graft-ml/graph";

/** Domain of the operators that ONNX Runtime keeps for itself, in a layout of blocks of channels. */
export const BLOCKED_DOMAIN: string = "com.microsoft.nchwc";

/** Channels rounded up to whole blocks. */
export function wholeBlocks(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

/** Knows the blocked layout's operators, too. Blocked values keep a nominal shape, with channels rounded up. */
export function findBlocked(block: number): FindOperator {
  const operators: Readonly<Record<string, Operator>> = {
    ReorderInput: {
      op: "ReorderInput",
      domain: BLOCKED_DOMAIN,
      since: 1,
      infer(c) {
        const { dtype, dims } = c.input(0);
        const channels = dims[1]!;
        const whole = typeof channels === "number" ? wholeBlocks(channels, block) : c.unknown();
        return [{ dtype, dims: [dims[0]!, whole, ...dims.slice(2)] }];
      },
    },
    ReorderOutput: {
      op: "ReorderOutput",
      domain: BLOCKED_DOMAIN,
      since: 1,
      infer(c) {
        const { dtype, dims } = c.input(0);
        return [{ dtype, dims: [dims[0]!, c.attributes.int("channels"), ...dims.slice(2)] }];
      },
    },
    Conv: { ...findOperator(CONV, { "": 17 }), domain: BLOCKED_DOMAIN },
  };
  return (node, opsets) =>
    (node.domain === BLOCKED_DOMAIN ? operators[node.op] : undefined) ?? findOperator(node, opsets);
}

// A blocked convolution has the shape of a plain one.
const CONV = { name: "", op: "Conv", domain: "", inputs: [], outputs: [], attributes: {} };
