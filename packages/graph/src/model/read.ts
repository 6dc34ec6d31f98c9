import { type Dim, fail, type Graph, type Tensor, type ValueInfo } from "@graft-ml/core";
import { inferShapes } from "../inference.ts";
import { inlineFunctions } from "../passes/inline-functions.ts";
import { plainCasts } from "../passes/plain-casts.ts";
import { DTYPE_OF, elementName } from "./elements.ts";
import { safeInteger } from "./integers.ts";
import { MOST_DIMENSIONS, MOST_NODES, NEWEST_IR, OLDEST_IR } from "./limits.ts";
import { type EntryMessage, type GraphMessage, MODEL, type ModelMessage, type ValueInfoMessage } from "./messages.ts";
import { readFunctions } from "./read-function.ts";
import { readNode } from "./read-node.ts";
import { readOpsets } from "./read-opsets.ts";
import { type ExternalLoader, readTensor } from "./read-tensor.ts";
import { validate } from "./validate.ts";
import { decode } from "./wire.ts";

/** How a model is read. */
export interface ReadOptions {
  /** Reads tensors that lie in files beside the model; without it they are refused. */
  readonly external?: ExternalLoader;
}

const WHERE = "graph/read";
/** Nothing that a graph holds after reading is newer, and more programs open such a file. */
const PLAIN = 10;
/** First version in which a graph's initializers need not be inputs as well, as ours never are. */
const FREE_INITIALIZERS = 4;

/** Reads an ONNX file's bytes into a graph; the file is hostile until it has been validated. Functions are inlined. */
export function readModel(bytes: Uint8Array, { external }: ReadOptions = {}): Graph {
  const model = decode(bytes, MODEL) as ModelMessage;
  const { graph } = model;
  if (graph === undefined) throw fail(WHERE, "expected an ONNX model; the file holds no graph");
  const irVersion = safeInteger(model.irVersion, "ir_version");
  if (irVersion < OLDEST_IR || irVersion > NEWEST_IR)
    throw fail(WHERE, `expected a file of ir_version ${OLDEST_IR} to ${NEWEST_IR}; received ${irVersion}`);
  if (graph.sparseInitializer.length > 0) throw fail(WHERE, "sparse initializers are not supported");
  if (graph.node.length > MOST_NODES) {
    throw fail(WHERE, `the graph has ${graph.node.length} nodes; at most ${MOST_NODES} are supported`);
  }
  const initializers = readInitializers(graph, external);
  const { nodes, opsets } = inlineFunctions(
    graph.node.map((node, i) => readNode(node, i, external)),
    readFunctions(model.functions, external),
    readOpsets(model.opsetImport),
    [...initializers.keys(), ...graph.input.map(({ name }) => name ?? "")],
  );
  // From entries, since names come from the file: `__proto__` must become a key like any other.
  const result = plainCasts({
    name: graph.name || "graph",
    irVersion: Math.min(PLAIN, Math.max(FREE_INITIALIZERS, irVersion)),
    opsets: Object.fromEntries(opsets),
    inputs: graph.input.map((info) => readValueInfo(info)).filter((input) => !initializers.has(input.name)),
    outputs: graph.output.map((info) => readValueInfo(info, "")),
    initializers,
    nodes,
    metadata: readMetadata(model.metadataProps),
  });
  validate(result);
  return graph.output.every((info) => info.type?.tensorType?.shape !== undefined) ? result : withShapes(result, graph);
}

function readInitializers(graph: GraphMessage, external: ExternalLoader | undefined): Map<string, Tensor> {
  const initializers = new Map<string, Tensor>();
  for (const initializer of graph.initializer) {
    const name = initializer.name ?? "";
    if (initializers.has(name)) throw fail(WHERE, `initializer "${name}" appears twice`);
    initializers.set(name, readTensor(initializer, name, external));
  }
  return initializers;
}

function readMetadata(entries: readonly EntryMessage[]): Record<string, string> {
  const metadata = new Map<string, string>();
  for (const { key = "", value = "" } of entries) {
    if (metadata.has(key)) throw fail(WHERE, `the metadata have ${JSON.stringify(key)} twice`);
    metadata.set(key, value);
  }
  return Object.fromEntries(metadata);
}

/** Reads a value's type; dimensions that nobody knows get names from the value. */
function readValueInfo(info: ValueInfoMessage, missing?: string): ValueInfo {
  const name = info.name ?? "";
  const type = info.type?.tensorType;
  if (type === undefined) throw fail(WHERE, `value "${name}" is not a tensor`);
  const dtype = DTYPE_OF[Number(type.elemType ?? 0)];
  if (dtype === undefined)
    throw fail(WHERE, `value "${name}" is of ${elementName(Number(type.elemType ?? 0))}, which is not supported`);
  if (type.shape === undefined && missing === undefined) throw fail(WHERE, `the input "${name}" has no shape`);
  const dims = type.shape?.dim ?? [];
  if (dims.length > MOST_DIMENSIONS)
    throw fail(WHERE, `value "${name}" has ${dims.length} dimensions; at most ${MOST_DIMENSIONS} are supported`);
  return {
    name,
    dtype,
    dims: dims.map(({ dimValue, dimParam }, i): Dim => {
      if (dimValue !== undefined && dimParam !== undefined)
        throw fail(WHERE, `dimension ${i} of "${name}" is both a number and a name`);
      if (dimParam) return dimParam;
      const value = safeInteger(dimValue, `dimension ${i} of "${name}"`);
      // Exporters write an unknown dimension as 0 or −1 as well as by leaving it out.
      return value > 0 ? value : `${name}.${i}`;
    }),
  };
}

/** Outputs whose shape the file leaves out get the one that follows from the graph. */
function withShapes(graph: Graph, { output }: GraphMessage): Graph {
  const { values } = inferShapes(graph);
  return {
    ...graph,
    outputs: graph.outputs.map((info, i) =>
      output[i]!.type?.tensorType?.shape === undefined ? (values.get(info.name) ?? info) : info,
    ),
  };
}
