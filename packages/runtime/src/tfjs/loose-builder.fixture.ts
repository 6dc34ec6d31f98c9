import {
  type Attribute,
  type AttributeLiteral,
  type DType,
  float32,
  type Graph,
  type GraphNode,
  int64,
  type Tensor,
  type Value,
  type ValueInfo,
} from "@graft-ml/core";

type Attributes = Readonly<Record<string, AttributeLiteral>>;

/** Builds graphs without inference, so that operators can be tested that `packages/graph` has no rule for. */
export interface LooseBuilder {
  input(name: string, dtype: DType, dims: readonly number[]): Value;
  constant(tensor: Tensor): Value;
  scalar(value: number): Value;
  ints(values: readonly number[]): Value;
  op(op: string, inputs: readonly (Value | undefined)[], attributes?: Attributes, domain?: string): Value;
  many(op: string, inputs: readonly (Value | undefined)[], outputs: number, attributes?: Attributes): Value[];
  finish(outputs: readonly Value[]): Graph;
}

/** Starts an empty graph of an operator set. */
export function looseBuilder(opset: number = 17): LooseBuilder {
  const inputs: ValueInfo[] = [];
  const initializers = new Map<string, Tensor>();
  const nodes: GraphNode[] = [];
  const unknown = (name: string): Value => ({ name, dtype: "float32", dims: [] });
  const builder: LooseBuilder = {
    input(name, dtype, dims) {
      inputs.push({ name, dtype, dims });
      return inputs.at(-1)!;
    },
    constant(tensor) {
      const name = `constant${initializers.size}`;
      initializers.set(name, tensor);
      return unknown(name);
    },
    scalar: (value) => builder.constant(float32([], [value])),
    ints: (values) => builder.constant(int64([values.length], values)),
    op: (op, operands, attributes, domain) => append(op, operands, 1, attributes, domain)[0]!,
    many: append,
    finish: (outputs) => ({
      name: "test",
      irVersion: 8,
      opsets: { "": opset, "ai.graft": 1 },
      inputs,
      outputs,
      initializers,
      nodes,
      metadata: {},
    }),
  };
  function append(
    op: string,
    operands: readonly (Value | undefined)[],
    count: number,
    attributes: Attributes = {},
    domain = "",
  ): Value[] {
    const name = `${op}${nodes.length}`;
    const outputs = Array.from({ length: count }, (_, i) => `${name}.${i}`);
    nodes.push({
      name,
      op,
      domain,
      inputs: operands.map((operand) => operand?.name ?? ""),
      outputs,
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
    });
    return outputs.map(unknown);
  }
  return builder;
}

function attributeOf(literal: AttributeLiteral): Attribute {
  if (typeof literal === "number") return { type: "int", value: literal };
  if (typeof literal === "string") return { type: "string", value: literal };
  if (Array.isArray(literal)) return { type: "ints", value: literal as readonly number[] };
  if ("float" in literal) return { type: "float", value: literal.float };
  return { type: "tensor", value: literal as Tensor };
}
