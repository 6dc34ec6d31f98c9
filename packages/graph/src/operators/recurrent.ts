import { type Dim, fail, float32, type Value } from "@graft-ml/core";
import { reshape, split } from "../emit.ts";
import { type InferContext, type Operator, type Shape, staticDims } from "../operator.ts";
import type { DecomposeContext } from "./decomposition.ts";

/** What one recurrent step carries on: its hidden state, and of an LSTM its cell. */
export interface RecurrentState {
  readonly h?: Value;
  readonly c?: Value;
}

/** One direction of a recurrent node, its parts as matrices. */
export interface Direction {
  /** x · Wᵀ of each time step, `[batch, gates · hidden]`, biases not added. */
  readonly inputs: readonly Value[];
  /** Rᵀ, `[hidden, gates · hidden]`. */
  readonly recurrence: Value;
  /** The biases of W and of R, `[gates · hidden]` each. */
  readonly biases?: readonly [Value, Value];
  /** Of an LSTM the weights of the cell in its gates, `[3 · hidden]`. */
  readonly peepholes?: Value;
  readonly activations: readonly string[];
  readonly initial: RecurrentState;
}

/** Takes a direction through all its time steps, in the order in which they are given; returns the state after each. */
export type Walk = (c: DecomposeContext, direction: Direction) => readonly Required<RecurrentState>[];

/** Activations that a gate may have. */
const ACTIVATIONS: readonly string[] = ["Sigmoid", "Tanh", "Relu"];

/** Shapes of the outputs: all hidden states, the last one, and of an LSTM the last cell. */
export function inferRecurrent(gates: number, outputs: number): Operator["infer"] {
  return (c: InferContext): readonly Shape[] => {
    const { node } = c;
    const refuse = (what: string) => fail("graph", `node "${node.name}" (${node.op}): ${what}`);
    const [x, w, r] = [c.input(0), c.input(1), c.input(2)];
    if (x.dims.length !== 3 || w.dims.length !== 3 || r.dims.length !== 3)
      throw refuse(
        `expected X, W and R of rank 3; received ranks ${x.dims.length}, ${w.dims.length}, ${r.dims.length}`,
      );
    const direction = c.attributes.string("direction", "forward");
    if (!["forward", "reverse", "bidirectional"].includes(direction))
      throw refuse(`direction ${direction} is not known, only forward, reverse, bidirectional`);
    const directions = direction === "bidirectional" ? 2 : 1;
    const hidden = r.dims[2]!;
    const stated = c.attributes.int("hidden_size", typeof hidden === "number" ? hidden : 0);
    if (typeof hidden === "number") {
      const fits = (value: Value, dims: readonly Dim[]): boolean =>
        dims.every((dim, i) => typeof value.dims[i] === "string" || typeof dim === "string" || value.dims[i] === dim);
      if (
        hidden !== stated ||
        !fits(w, [directions, gates * hidden, x.dims[2]!]) ||
        !fits(r, [directions, gates * hidden])
      )
        throw refuse(
          `W [${w.dims.join(", ")}] and R [${r.dims.join(", ")}] do not fit ${directions} directions, ${stated} hidden values and inputs [${x.dims.join(", ")}]`,
        );
    }
    const { dtype } = x;
    const batchFirst = c.attributes.int("layout", 0) === 1;
    const [time, batch] = batchFirst ? [x.dims[1]!, x.dims[0]!] : [x.dims[0]!, x.dims[1]!];
    const all = batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden];
    const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    return [{ dtype, dims: all }, ...Array.from({ length: outputs - 1 }, () => ({ dtype, dims: last }))];
  };
}

/** Writes a recurrent node step by step; `defaults` are the activations of one direction. */
export function unrolled(c: DecomposeContext, walk: Walk, defaults: readonly string[], cell: boolean): Value[] {
  const { g, node, attributes, inputs } = c;
  const refuse = (what: string) =>
    fail("graph", `node "${node.name}" (${node.op}): ${what} is not supported outside plain inference on onnxruntime`);
  if (attributes.has("clip")) throw refuse("attribute clip");
  if (inputs[4] !== undefined) throw refuse("the input sequence_lens");
  const batchFirst = attributes.int("layout", 0) === 1;
  const swap = (value: Value, perm: readonly number[]): Value =>
    batchFirst ? g.op("Transpose", [value], { perm }) : value;
  const x = swap(inputs[0]!, [1, 0, 2]);
  const [w, r] = [inputs[1]!, inputs[2]!];
  const [time, batch, features] = staticDims(x) as [number, number, number];
  const [directions, , hidden] = staticDims(r) as [number, number, number];
  if (time === 0) throw refuse("a sequence of no steps");
  const rows = reshape(g, x, [time * batch, features]);
  const first = attributes.string("direction", "forward");
  const activations = activationsOf(c, defaults, directions);

  const runs = Array.from({ length: directions }, (_, d): readonly Required<RecurrentState>[] => {
    const part = (value: Value | undefined): Value | undefined => value && directionOf(c, value, d, directions);
    const state = (value: Value | undefined): Value | undefined => part(value && swap(value, [1, 0, 2]));
    const product = g.op("MatMul", [rows, g.op("Transpose", [part(w)], { perm: [1, 0] })]);
    const steps = splitEvenly(c, product, 0, time);
    const backwards = first === "reverse" || d === 1;
    const bias = part(inputs[3]);
    // With one step from nothing R has a gradient of zero, but it has one.
    const nothing = time === 1 ? g.constant(float32([batch, hidden], new Float32Array(batch * hidden))) : undefined;
    const [h, cellState] = [state(inputs[5]) ?? nothing, cell ? state(inputs[6]) : undefined];
    const peepholes = cell ? part(inputs[7]) : undefined;
    return walk(c, {
      inputs: backwards ? [...steps].reverse() : steps,
      recurrence: g.op("Transpose", [part(r)], { perm: [1, 0] }),
      ...(bias && { biases: splitEvenly(c, bias, 0, 2) as [Value, Value] }),
      ...(peepholes && { peepholes }),
      activations: activations[d]!,
      initial: { ...(h && { h }), ...(cellState && { c: cellState }) },
    });
  });

  const stacked = (parts: readonly Value[], axis: number): Value =>
    parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis });
  const sequences = runs.map((states, d) => {
    const inTime = first === "reverse" || d === 1 ? [...states].reverse() : states;
    return reshape(
      g,
      stacked(
        inTime.map(({ h }) => h),
        0,
      ),
      [time, 1, batch, hidden],
    );
  });
  const last = (key: "h" | "c"): Value => {
    const parts = runs.map((states) => reshape(g, states.at(-1)![key], [1, batch, hidden]));
    return swap(stacked(parts, 0), [1, 0, 2]);
  };
  return [swap(stacked(sequences, 1), [2, 0, 1, 3]), last("h"), ...(cell ? [last("c")] : [])];
}

/** Equal parts along an axis. */
export function splitEvenly({ g }: DecomposeContext, x: Value, axis: number, count: number): Value[] {
  if (count === 1) return [x];
  return split(g, x, axis, new Array<number>(count).fill(staticDims(x)[axis]! / count));
}

/** Adds whatever of the parts there is. */
export function total({ g }: DecomposeContext, ...parts: readonly (Value | undefined)[]): Value {
  const present = parts.filter((part) => part !== undefined);
  return present.slice(1).reduce((sum, part) => g.op("Add", [sum, part]), present[0]!);
}

/** One direction's part of a value whose first axis counts them. */
function directionOf({ g }: DecomposeContext, value: Value, direction: number, directions: number): Value {
  const dims = staticDims(value).slice(1);
  if (directions === 1) return reshape(g, value, dims);
  return g.op("Gather", [value, g.shared(`direction ${direction}`, () => indexOf(direction))], { axis: 0 });
}

function indexOf(direction: number) {
  return { dtype: "int64", dims: [], data: BigInt64Array.of(BigInt(direction)) } as const;
}

function activationsOf(c: DecomposeContext, defaults: readonly string[], directions: number): string[][] {
  const { node } = c;
  const given = node.attributes.activations;
  const names = given?.type === "strings" ? given.value : Array.from({ length: directions }, () => defaults).flat();
  const known = names.map((name) => ACTIVATIONS.find((one) => one.toLowerCase() === name.toLowerCase()));
  const foreign = names.find((_, i) => known[i] === undefined);
  if (foreign !== undefined || names.length !== defaults.length * directions) {
    throw fail(
      "graph",
      `node "${node.name}" (${node.op}): activations ${names.join(", ")} are not supported, only ${ACTIVATIONS.join(", ")}, ${defaults.length} a direction`,
    );
  }
  return Array.from({ length: directions }, (_, d) =>
    known.slice(d * defaults.length, (d + 1) * defaults.length).map((name) => name!),
  );
}
