import {
  type Attribute,
  allocate,
  type Dim,
  type DType,
  elementBytes,
  fail,
  fromBytes,
  type GraftError,
  type Graph,
  type GraphNode,
  sizeOf,
  type Tensor,
  type ValueInfo,
} from "@graft-ml/core";
import proto from "onnx-proto";
import { DTYPE_OF } from "./elements.ts";
import { validate } from "./validate.ts";

const { onnx } = proto;
const WHERE = "graph/read";
const { AttributeType, DataLocation } = {
  AttributeType: onnx.AttributeProto.AttributeType,
  DataLocation: onnx.TensorProto.DataLocation,
};

/** Reads an ONNX file's bytes into a graph; the file is hostile until it has been validated. */
export function readModel(bytes: Uint8Array): Graph {
  let model: InstanceType<typeof onnx.ModelProto>;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw fail(WHERE, `expected an ONNX model; the protobuf does not parse: ${(cause as Error).message}`, { cause });
  }
  const { graph } = model;
  if (!graph) throw fail(WHERE, "expected an ONNX model; the file holds no graph");
  // From entries, since names come from the file: `__proto__` must become a key like any other.
  const opsets = Object.fromEntries(
    // "ai.onnx" is a second spelling of the standard domain.
    model.opsetImport.map(({ domain, version }) => [
      domain === "ai.onnx" ? "" : (domain ?? ""),
      safeInteger(version, "opset version"),
    ]),
  );
  const initializers = new Map<string, Tensor>();
  for (const initializer of graph.initializer ?? []) {
    const name = initializer.name ?? "";
    if (initializers.has(name)) throw fail(WHERE, `initializer "${name}" appears twice`);
    initializers.set(name, readTensor(initializer, name));
  }
  if ((graph.sparseInitializer ?? []).length > 0) throw fail(WHERE, "sparse initializers are not supported");
  const result: Graph = {
    name: graph.name ?? "",
    irVersion: safeInteger(model.irVersion, "ir_version"),
    opsets,
    inputs: (graph.input ?? []).map(readValueInfo).filter((input) => !initializers.has(input.name)),
    outputs: (graph.output ?? []).map(readValueInfo),
    initializers,
    nodes: (graph.node ?? []).map((node, i) => readNode(node as InstanceType<typeof onnx.NodeProto>, i)),
    metadata: Object.fromEntries((model.metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""])),
  };
  validate(result);
  return result;
}

function readNode(node: InstanceType<typeof onnx.NodeProto>, index: number): GraphNode {
  const name = node.name || `${node.opType}#${index}`;
  return {
    name,
    op: node.opType ?? "",
    domain: node.domain === "ai.onnx" ? "" : (node.domain ?? ""),
    inputs: [...(node.input ?? [])],
    outputs: [...(node.output ?? [])],
    attributes: Object.fromEntries(
      (node.attribute ?? []).map((attribute) => [attribute.name ?? "", readAttribute(attribute as never, name)]),
    ),
  };
}

function readAttribute(attribute: InstanceType<typeof onnx.AttributeProto>, node: string): Attribute {
  switch (attribute.type) {
    case AttributeType.INT:
      return { type: "int", value: safeInteger(attribute.i, `attribute ${attribute.name} of node "${node}"`) };
    case AttributeType.FLOAT:
      return { type: "float", value: attribute.f };
    case AttributeType.STRING:
      return { type: "string", value: new TextDecoder().decode(attribute.s) };
    case AttributeType.INTS:
      return {
        type: "ints",
        value: attribute.ints.map((value) => safeInteger(value, `attribute ${attribute.name} of node "${node}"`)),
      };
    case AttributeType.FLOATS:
      return { type: "floats", value: [...attribute.floats] };
    case AttributeType.STRINGS:
      return { type: "strings", value: attribute.strings.map((value) => new TextDecoder().decode(value)) };
    case AttributeType.TENSOR:
      if (attribute.t) return { type: "tensor", value: readTensor(attribute.t, `${node}.${attribute.name}`) };
      break;
    default:
  }
  const type = AttributeType[attribute.type ?? 0] ?? attribute.type;
  throw fail(WHERE, `attribute ${attribute.name} of node "${node}" has type ${type}, which is not supported`);
}

function readValueInfo(info: { name?: string | null; type?: unknown }): ValueInfo {
  const name = info.name ?? "";
  const type = (
    info.type as {
      tensorType?: { elemType?: number; shape?: { dim?: { dimValue?: unknown; dimParam?: string }[] } };
    } | null
  )?.tensorType;
  const dtype = DTYPE_OF[type?.elemType ?? 0];
  if (!type || dtype === undefined) throw fail(WHERE, `value "${name}" is not a tensor of a supported element type`);
  const dims = (type.shape?.dim ?? []).map((dim, i): Dim => {
    if (dim.dimParam) return dim.dimParam;
    const value =
      dim.dimValue === undefined || dim.dimValue === null
        ? 0
        : safeInteger(dim.dimValue, `dimension ${i} of "${name}"`);
    // Exporters write an unknown dimension as 0 or −1 as well as by leaving it out.
    return value > 0 ? value : `${name}.${i}`;
  });
  return { name, dtype, dims };
}

function readTensor(t: object, name: string): Tensor {
  const raw = t as InstanceType<typeof onnx.TensorProto>;
  const dtype = DTYPE_OF[raw.dataType ?? 0];
  if (dtype === undefined)
    throw fail(WHERE, `tensor "${name}" has element type ${raw.dataType}, which is not supported`);
  if (raw.dataLocation === DataLocation.EXTERNAL)
    throw fail(WHERE, `tensor "${name}" lies in an external file, which is not supported`);
  const dims = (raw.dims ?? []).map((dim) => safeInteger(dim, `a dimension of tensor "${name}"`));
  if (dims.some((dim) => dim < 0)) throw fail(WHERE, `tensor "${name}" has a negative dimension: [${dims.join(", ")}]`);
  const size = sizeOf(dims);
  if (!Number.isSafeInteger(size)) throw fail(WHERE, `tensor "${name}" is too large: [${dims.join(", ")}]`);
  const data =
    raw.rawData && raw.rawData.length > 0 ? fromRaw(raw.rawData, dtype, size, name) : fromLists(raw, dtype, size, name);
  return { dtype, dims, data };
}

function fromRaw(raw: Uint8Array, dtype: DType, size: number, name: string): Tensor["data"] {
  const expected = size * elementBytes(dtype);
  if (raw.byteLength !== expected) throw lies(name, expected, raw.byteLength, "bytes");
  // A copy: the view would keep the whole file alive, and its offset is rarely aligned.
  return fromBytes(dtype, new Uint8Array(raw));
}

function fromLists(
  raw: InstanceType<typeof onnx.TensorProto>,
  dtype: DType,
  size: number,
  name: string,
): Tensor["data"] {
  const list: ArrayLike<unknown> =
    dtype === "float32"
      ? raw.floatData
      : dtype === "float64"
        ? raw.doubleData
        : dtype === "int64"
          ? raw.int64Data
          : dtype === "uint64" || dtype === "uint32"
            ? raw.uint64Data
            : raw.int32Data;
  // Checked before allocating: the shape is the file's word, the list is what it really holds.
  if (list.length !== size) throw lies(name, size, list.length, "elements");
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(String(list[i]));
    else data[i] = Number(list[i]);
  }
  return data;
}

function lies(name: string, expected: number, found: number, unit: string): GraftError {
  return fail(WHERE, `tensor "${name}": its shape needs ${expected} ${unit}; the file holds ${found}`);
}

function safeInteger(value: unknown, what: string): number {
  const number = typeof value === "number" ? value : Number(String(value ?? 0));
  if (!Number.isSafeInteger(number)) {
    // Slice exporters write "to the end" as the largest int64; beyond 2^53 only the sign and hugeness matter.
    if (Number.isFinite(number) && what.startsWith("attribute")) return Math.sign(number) * Number.MAX_SAFE_INTEGER;
    throw fail(WHERE, `${what} is out of range: ${String(value)}`);
  }
  return number;
}
