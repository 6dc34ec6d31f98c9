import { type Attribute, fail, type GraphNode } from "@graft-ml/core";
import { clampedInteger } from "./integers.ts";
import type { AttributeMessage, NodeMessage } from "./messages.ts";
import { type ExternalLoader, readTensor } from "./read-tensor.ts";
import { textOf } from "./wire.ts";

/** A node as a file has it: it may call a function, or take attributes from the one that it stands in. */
export interface OpenNode extends GraphNode {
  /** Tells functions of one name apart. */
  readonly overload: string;
  /** By own attribute. */
  readonly references: ReadonlyMap<string, Reference>;
}

/** An attribute that is taken from the call of the function around it. */
export interface Reference {
  readonly name: string;
  /** The kind of `Attribute` that it has to be. */
  readonly type: string;
}

const WHERE = "graph/read";
/** Names of `AttributeProto.AttributeType`, for a refusal. */
const TYPES = [
  "UNDEFINED",
  "FLOAT",
  "INT",
  "STRING",
  "TENSOR",
  "GRAPH",
  "FLOATS",
  "INTS",
  "STRINGS",
  "TENSORS",
  "GRAPHS",
  "SPARSE_TENSOR",
  "SPARSE_TENSORS",
  "TYPE_PROTO",
  "TYPE_PROTOS",
];

/** Reads a node; one without a name gets one from its operator and its place. */
export function readNode(node: NodeMessage, index: number, external: ExternalLoader | undefined): OpenNode {
  const name = node.name || `${node.opType ?? ""}#${index}`;
  const references = new Map<string, Reference>();
  const attributes = new Map<string, Attribute>();
  for (const attribute of node.attribute) {
    const key = attribute.name ?? "";
    if (key === "") throw fail(WHERE, `node "${name}" has an attribute without a name`);
    if (attributes.has(key) || references.has(key)) throw fail(WHERE, `node "${name}" has its attribute ${key} twice`);
    if (attribute.refAttrName) {
      const type = (TYPES[Number(attribute.type ?? 0)] ?? "").toLowerCase();
      references.set(key, { name: attribute.refAttrName, type });
    } else attributes.set(key, readAttribute(attribute, name, external));
  }
  return {
    name,
    op: node.opType ?? "",
    domain: standard(node.domain),
    overload: node.overload ?? "",
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(attributes),
    references,
  };
}

/** A domain; "ai.onnx" is a second spelling of the standard one. */
export function standard(domain: string | undefined): string {
  return domain === "ai.onnx" ? "" : (domain ?? "");
}

/** Reads an attribute that holds what its type says and nothing else. */
export function readAttribute(a: AttributeMessage, node: string, external: ExternalLoader | undefined): Attribute {
  const type = TYPES[Number(a.type ?? 0)] ?? String(a.type);
  const what = `attribute ${a.name} of node "${node}"`;
  const filled =
    [a.f, a.i, a.s, a.t].filter((value) => value !== undefined).length +
    [a.floats ?? [], a.ints ?? [], a.strings, a.other].filter((list) => list.length > 0).length;
  const refusal = (): Error => fail(WHERE, `${what} does not hold what its type says: ${type}`);
  const single = <T>(value: T | undefined): T => {
    if (value === undefined || filled !== 1) throw refusal();
    return value;
  };
  const list = <T extends { readonly length: number }>(value: T): T => {
    if (filled !== Math.min(1, value.length)) throw refusal();
    return value;
  };
  const text = (bytes: Uint8Array): string => {
    const found = textOf(bytes);
    if (found === undefined) throw fail(WHERE, `${what} is not UTF-8`);
    return found;
  };
  switch (type) {
    case "INT":
      return { type: "int", value: clampedInteger(single(a.i)) };
    case "FLOAT":
      return { type: "float", value: single(a.f) };
    case "STRING":
      return { type: "string", value: text(single(a.s)) };
    case "INTS":
      return { type: "ints", value: Array.from(list(a.ints ?? new BigInt64Array(0)), clampedInteger) };
    case "FLOATS":
      return { type: "floats", value: [...list(a.floats ?? new Float32Array(0))] };
    case "STRINGS":
      return { type: "strings", value: list(a.strings).map(text) };
    case "TENSOR":
      return { type: "tensor", value: readTensor(single(a.t), `${node}.${a.name}`, external) };
    default:
      throw fail(WHERE, `${what} has type ${type}, which is not supported`);
  }
}
