import type { Graph, GraphNode, Value } from "@graft-ml/core";
import {
  attributesOf,
  MICROSOFT_DOMAIN,
  mergeDuplicates,
  type OpenGraph,
  type Rewriter,
  readerCounts,
  rewrite,
} from "@graft-ml/graph";

/** A value as the axes of another one in another order. */
interface Turned {
  readonly source: string;
  readonly perm: readonly number[];
}

/** A matrix operand of a product: the last two axes of a value, exchanged or not. */
interface Operand {
  readonly name: string;
  readonly turned: boolean;
}

/**
 * Lets batched products read turned operands where a backward pass wants a value both ways, as attention does. ONNX Runtime joins
 * the two transposes of such a value before it looks at the products, and copies the value once for each way.
 */
export function turnedProducts(graph: Graph): Graph {
  if (!wantsBothWays(graph.nodes)) return graph;
  const readers = readerCounts(graph);
  const turns = new Map<string, Turned>();
  /** Operands of products that a single node reads. */
  const products = new Map<string, readonly [Operand, Operand]>();

  const operand = (g: OpenGraph, name: string): Operand => {
    const turn = turns.get(name);
    if (turn === undefined) return { name, turned: false };
    const turned = endsWithRows(turn.perm);
    return { name: transpose(g, turn.source, turned ? swapped(turn.perm) : turn.perm).name, turned };
  };
  const rewriter: Rewriter = (node, g) => {
    if (node.domain !== "") return undefined;
    const [input = "", other = ""] = node.inputs;
    const output = node.outputs[0]!;
    if (node.op === "MatMul" && g.value(input).dtype === "float32") {
      const operands = [operand(g, input), operand(g, other)] as const;
      const product = multiply(g, ...operands);
      if (readers.get(output) === 1) products.set(product.name, operands);
      return [product];
    }
    const turn = turnOf(node, turns);
    if (turn === undefined) return undefined;
    const operands = products.get(input);
    const rows = turn.perm.length - 2;
    if (!operands?.some(({ turned }) => turned) || turn.perm.at(-1) !== rows) {
      turns.set(output, turn);
      return undefined;
    }
    // (A B)ᵀ = Bᵀ Aᵀ
    const [a, b] = operands;
    const perm = turn.perm.map((axis) => (axis < rows ? axis : 2 * rows + 1 - axis));
    return [transpose(g, multiply(g, turnedOver(b), turnedOver(a)).name, perm)];
  };
  return mergeDuplicates(rewrite(graph, rewriter));
}

/** Whether some value of three axes or more is read in two orders that differ in the last two. */
function wantsBothWays(nodes: readonly GraphNode[]): boolean {
  const turns = new Map<string, Turned>();
  const seen = new Set<string>();
  for (const node of nodes) {
    const turn = turnOf(node, turns);
    if (turn === undefined) continue;
    turns.set(node.outputs[0]!, turn);
    if (seen.has(`${swapped(turn.perm)} ${turn.source}`)) return true;
    seen.add(`${turn.perm} ${turn.source}`);
  }
  return false;
}

/** What a node of three axes or more turns, through the transposes before it. */
function turnOf(node: GraphNode, turns: ReadonlyMap<string, Turned>): Turned | undefined {
  if (node.op !== "Transpose" || node.domain !== "") return undefined;
  const perm = attributesOf(node).ints("perm", []);
  if (perm.length < 3) return undefined;
  const before = turns.get(node.inputs[0]!);
  if (before === undefined) return { source: node.inputs[0]!, perm };
  return { source: before.source, perm: perm.map((axis) => before.perm[axis]!) };
}

/** Whether the columns of a turned value are the rows of its source's matrices. */
function endsWithRows(perm: readonly number[]): boolean {
  return perm.at(-2) === perm.length - 1;
}

function swapped(perm: readonly number[]): readonly number[] {
  return [...perm.slice(0, -2), perm.at(-1)!, perm.at(-2)!];
}

function turnedOver({ name, turned }: Operand): Operand {
  return { name, turned: !turned };
}

function transpose(g: OpenGraph, name: string, perm: readonly number[]): Value {
  const value = g.value(name);
  return perm.every((axis, i) => axis === i) ? value : g.op("Transpose", [value], { perm });
}

function multiply(g: OpenGraph, a: Operand, b: Operand): Value {
  if (!a.turned && !b.turned) return g.op("MatMul", [g.value(a.name), g.value(b.name)]);
  const attributes = { transA: a.turned ? 1 : 0, transB: b.turned ? 1 : 0 };
  return g.op("FusedMatMul", [g.value(a.name), g.value(b.name)], attributes, MICROSOFT_DOMAIN);
}
