import { type Attribute, fail, type Graph, type Tensor, type ValueInfo } from "@graft-ml/core";
import proto from "onnx-proto";
import manifest from "../../package.json" with { type: "json" };
import { DTYPE_OF } from "./elements.ts";
import { LARGEST_FILE } from "./limits.ts";

const { onnx } = proto;
const AttributeType = onnx.AttributeProto.AttributeType;
const { DataLocation } = onnx.TensorProto;
/** Bytes by which an external tensor's place is a multiple, so that programs can map it into memory. */
const PAGE = 4096;
/** Room for everything but the initializers. */
const SPARE = 2 ** 24;

/** A model whose large tensors lie in a second file. */
export interface ExternalModel {
  /** The bytes of the ONNX file. */
  readonly model: Uint8Array;
  /** The second file's content, one piece after another; pieces are views of the graph's tensors. */
  readonly chunks: readonly Uint8Array[];
  /** Bytes of the second file. */
  readonly size: number;
}

/** How tensors are put into a second file. */
export interface ExternalOptions {
  /** Name of the second file, which has to lie beside the model. */
  readonly location: string;
  /** Tensors of fewer bytes stay in the model. Default: 1024. */
  readonly smallest?: number;
}

/** Writes a graph as the bytes of an ONNX file; reading them again gives the same graph. */
export function writeModel(graph: Graph): Uint8Array {
  const size = initializerBytes(graph);
  if (size + SPARE > LARGEST_FILE) {
    throw fail(
      "graph/write",
      `the graph holds ${size} bytes; one file takes 2 GB at most. Write it with its tensors beside it`,
    );
  }
  return encode(graph, ([name, tensor]) => ({ ...writeTensor(tensor, name), rawData: bytesOf(tensor) }));
}

/**
 * Writes a graph as an ONNX file and a second one for its large tensors, as files beyond 2 GB need it. Nothing is copied: whoever
 * saves it writes `chunks` one after another.
 */
export function writeExternalModel(graph: Graph, { location, smallest = 1024 }: ExternalOptions): ExternalModel {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const add = (bytes: Uint8Array): void => {
    chunks.push(bytes);
    size += bytes.byteLength;
  };
  const model = encode(graph, ([name, tensor]) => {
    const bytes = bytesOf(tensor);
    if (bytes.byteLength < smallest) return { ...writeTensor(tensor, name), rawData: bytes };
    if (size % PAGE > 0) add(new Uint8Array(PAGE - (size % PAGE)));
    const place = { location, offset: String(size), length: String(bytes.byteLength) };
    add(bytes);
    return {
      ...writeTensor(tensor, name),
      dataLocation: DataLocation.EXTERNAL,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
    };
  });
  return { model, chunks, size };
}

/** Bytes of all initializers of a graph. */
export function initializerBytes(graph: Graph): number {
  return [...graph.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

function encode(graph: Graph, initializer: (entry: [string, Tensor]) => object): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: graph.irVersion,
    producerName: "graft",
    producerVersion: manifest.version,
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    metadataProps: Object.entries(graph.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name || "graph",
      input: graph.inputs.map(writeValueInfo),
      output: graph.outputs.map(writeValueInfo),
      initializer: [...graph.initializers].map(initializer),
      node: graph.nodes.map((node) => ({
        name: node.name,
        opType: node.op,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, attribute]) => writeAttribute(name, attribute)),
      })),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

function writeValueInfo({ name, dtype, dims }: ValueInfo): object {
  return {
    name,
    type: {
      tensorType: {
        elemType: DTYPE_OF.indexOf(dtype),
        shape: { dim: dims.map((dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim })) },
      },
    },
  };
}

function writeTensor({ dtype, dims }: Tensor, name: string): object {
  return { name, dataType: DTYPE_OF.indexOf(dtype), dims: [...dims] };
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function writeAttribute(name: string, attribute: Attribute): object {
  switch (attribute.type) {
    case "int":
      return { name, type: AttributeType.INT, i: attribute.value };
    case "float":
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case "string":
      return { name, type: AttributeType.STRING, s: new TextEncoder().encode(attribute.value) };
    case "ints":
      return { name, type: AttributeType.INTS, ints: [...attribute.value] };
    case "floats":
      return { name, type: AttributeType.FLOATS, floats: [...attribute.value] };
    case "strings":
      return {
        name,
        type: AttributeType.STRINGS,
        strings: attribute.value.map((text) => new TextEncoder().encode(text)),
      };
    case "tensor":
      return {
        name,
        type: AttributeType.TENSOR,
        t: { ...writeTensor(attribute.value, ""), rawData: bytesOf(attribute.value) },
      };
  }
}
