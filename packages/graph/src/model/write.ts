import type { Attribute, Graph, Tensor, ValueInfo } from "@graft-ml/core";
import proto from "onnx-proto";
import { DTYPE_OF } from "./elements.ts";

const { onnx } = proto;
const AttributeType = onnx.AttributeProto.AttributeType;

/** Writes a graph as the bytes of an ONNX file; reading them again gives the same graph. */
export function writeModel(graph: Graph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: graph.irVersion,
    producerName: "graft",
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    metadataProps: Object.entries(graph.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name || "graph",
      input: graph.inputs.map(writeValueInfo),
      output: graph.outputs.map(writeValueInfo),
      initializer: [...graph.initializers].map(([name, tensor]) => writeTensor(tensor, name)),
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

function writeTensor({ dtype, dims, data }: Tensor, name: string): object {
  return {
    name,
    dataType: DTYPE_OF.indexOf(dtype),
    dims: [...dims],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
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
      return { name, type: AttributeType.TENSOR, t: writeTensor(attribute.value, "") };
  }
}
