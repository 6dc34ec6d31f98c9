import { fail, type Graph, tensor, type Value, type ValueInfo } from "@graft-ml/core";
import { graphBuilder, inferShapes, type OpenGraph, reduceSum, rewrite } from "@graft-ml/graph";
import { slice } from "./slice.ts";

/** Dimensions of ids and mask. */
const ROWS = ["batch", "tokens"] as const;
/** ONNX's numbers for types. */
const [FLOAT, INT32, INT64, BOOL] = [1, 6, 7, 9];

/** What a graph of texts is to be fed. */
interface TextInputs {
  /** Name of the input of token ids. */
  readonly ids: string;
  readonly mask: string;
  /** What stands for padding where the graph has no mask of its own. */
  readonly padId: number;
  /** What ends each text of a pair. */
  readonly endId?: number | undefined;
}

/**
 * A graph that wants token ids and their mask, `[batch, tokens]` each, and nothing else. What stands behind the first `endId` is the
 * second segment, positions count from 0. A graph without a mask gets one, under which ids are padding; that is enough where no token looks at later ones.
 */
export function feedableTexts(graph: Graph, { ids, mask, padId, endId }: TextInputs, where: string): Graph {
  const made = graph.inputs.filter(({ name }) => name !== ids && name !== mask);
  const strange = made.find(({ name }) => !(name in FILLED));
  if (strange !== undefined)
    throw fail(
      where,
      `the graph also wants "${strange.name}" [${strange.dims.join(", ")}], which is not fed. Export the model without it`,
    );
  const found = graph.inputs.find(({ name }) => name === ids)!;
  const own = graph.inputs.find(({ name }) => name === mask);
  const inputs = [{ ...found, dims: ROWS }, own === undefined ? newMask(graph, mask, where) : { ...own, dims: ROWS }];
  const later = new Set(graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const g = graphBuilder({ ...graph, inputs, nodes: [], outputs: [] }, {}, later);
  const names = new Map(
    made.map((info) => [info.name, FILLED[info.name]!(g, info, g.value(ids), g.value(mask), endId).name]),
  );
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const shown = own !== undefined && read.has(mask) ? g.value(ids) : hidden(g, g.value(ids), g.value(mask), padId);
  // Models that choose among several texts take `[batch, texts, tokens]`.
  names.set(ids, found.dims.length === 3 ? g.op("Reshape", [shown, g.ints([0, 1, -1])]).name : shown.name);
  for (const node of graph.nodes) g.append({ ...node, inputs: node.inputs.map((name) => names.get(name) ?? name) });
  return throughMask(g.finish(graph.outputs.map(({ name }) => g.value(name))), ids, mask);
}

function newMask(graph: Graph, mask: string, where: string): ValueInfo {
  if (inferShapes(graph).values.has(mask))
    throw fail(where, `"${mask}" is a value of the graph and no input. Name another mask`);
  return { name: mask, dtype: "int64", dims: ROWS };
}

/** Makes an input that follows from ids and mask. */
type Fill = (g: OpenGraph, info: ValueInfo, ids: Value, mask: Value, endId: number | undefined) => Value;

const FILLED: Readonly<Record<string, Fill>> = {
  token_type_ids(g, info, ids, mask, endId) {
    // Without CumSum, before operator set 11, there is one segment.
    if (endId === undefined || g.opset < 11) return as(g, zeros(g, ids), info);
    const ends = g.op("Cast", [g.op("Equal", [ids, constantOf(g, ids, endId)])], { to: FLOAT });
    const before = g.op("CumSum", [ends, constantOf(g, undefined, 1)], { exclusive: 1 });
    const second = g.op("Min", [before, g.op("Cast", [mask], { to: FLOAT })]);
    return g.op("Cast", [second], { to: info.dtype === "int32" ? INT32 : INT64 });
  },
  position_ids(g, info, ids) {
    const one = constantOf(g, undefined, 1);
    const wide = g.op("Cast", [zeros(g, ids)], { to: INT64 });
    return as(g, g.op("Sub", [g.op("CumSum", [g.op("Add", [wide, one]), one]), one]), info);
  },
};

function zeros(g: OpenGraph, ids: Value): Value {
  return g.op("Sub", [ids, ids]);
}

/** A whole number of the type that a value has, or int64. */
function constantOf(g: OpenGraph, like: Value | undefined, value: number): Value {
  return g.constant(
    like?.dtype === "int32"
      ? tensor("int32", [], Int32Array.of(value))
      : tensor("int64", [], BigInt64Array.of(BigInt(value))),
  );
}

function as(g: OpenGraph, value: Value, { dtype }: ValueInfo): Value {
  return value.dtype === dtype ? value : g.op("Cast", [value], { to: dtype === "int32" ? INT32 : INT64 });
}

/** Ids that are padding where the mask is 0. */
function hidden(g: OpenGraph, ids: Value, mask: Value, padId: number): Value {
  return g.op("Where", [g.op("Cast", [mask], { to: BOOL }), ids, constantOf(g, ids, padId)]);
}

/**
 * Reads from the mask, which is fed to both halves of a cut, what would else lead past it: the sizes of the batch, and the place of
 * the token that ends a text, which CLIP looks for among the ids at its end.
 */
function throughMask(graph: Graph, ids: string, mask: string): Graph {
  const sizes = new Map<string, Value>();
  const size = (g: OpenGraph, dim: Row): Value => {
    const start = ROWS.indexOf(dim);
    const made = sizes.get(dim) ?? slice(g, g.op("Shape", [g.value(mask)]), 0, start, start + 1);
    sizes.set(dim, made);
    return made;
  };
  const ofIds = new Set([ids]);
  return rewrite(graph, (node, g) => {
    if (OF_IDS.has(node.op) && node.inputs.some((name) => ofIds.has(name))) ofIds.add(node.outputs[0]!);
    const isPlace = node.op === "ArgMax" && node.attributes.keepdims?.value === 0 && ofIds.has(node.inputs[0]!);
    if (isPlace && g.value(node.inputs[0]!).dims.length === 2) return [lastPlace(g, g.value(mask))];
    if (node.op !== "Shape" || Object.keys(node.attributes).length > 0) return undefined;
    const { dims } = g.value(node.inputs[0]!);
    if (dims.every((dim) => typeof dim === "number")) return undefined;
    if (!dims.every((dim) => typeof dim === "number" || isRow(dim))) return undefined;
    const parts = dims.map((dim) => (typeof dim === "number" ? g.ints([dim]) : size(g, dim as Row)));
    return [parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: 0 })];
  });
}

type Row = (typeof ROWS)[number];
/** Operators that leave every token where it is: exporters reshape ids to what they are. */
const OF_IDS: ReadonlySet<string> = new Set(["Cast", "Equal", "Where", "Reshape"]);

function isRow(dim: string): dim is Row {
  return ROWS.some((name) => name === dim);
}

/** Where the last token of every text is, int64 `[batch]`. */
function lastPlace(g: OpenGraph, mask: Value): Value {
  const count = reduceSum(g, g.op("Cast", [mask], { to: FLOAT }), [1], false);
  // Sums of some engines are a rounding off the whole number; what follows the point is dropped.
  return g.op("Cast", [g.op("Sub", [count, g.scalar(0.5)])], { to: INT64 });
}
