import {
  type DType,
  type Engine,
  fail,
  type Graph,
  type PrepareOptions,
  type Program,
  type Tensor,
} from "@graft-ml/core";
import { writeModel } from "@graft-ml/graph";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { carriedFor, checkShared, hold, letGo } from "../carried.ts";
import type { LoweringOptions } from "./lowerings/index.ts";
import { predictMemory } from "./predict-memory.ts";
import { sessionGraph } from "./session-graph.ts";

type Ort = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">;
const WHERE = "runtime/onnxruntime";

/** Fusions that are left out. This one's kernel walks number by number: eight times the time of the sum and the normalisation that it joins. */
export const LEFT_OUT: { readonly disable_specified_optimizers: string } = {
  disable_specified_optimizers: "SkipLayerNormFusion",
};

/** What ONNX Runtime's packages do differently; Node's and the browsers' share their types. */
export interface Platform {
  readonly ort: Ort;
  readonly lowering: LoweringOptions;
  /** True where a run writes into tensors that it is given for its results. */
  readonly writesInto: boolean;
  sessionOptions(options: PrepareOptions): InferenceSession.SessionOptions;
  /** Runs in a thread of its own; left out where there is none to be had. */
  background?(
    bytes: Uint8Array,
    options: InferenceSession.SessionOptions,
    outputs: readonly string[],
  ): Promise<Program>;
}

/** The engine over one of ONNX Runtime's packages. */
export function engineOn(platform: Platform): Engine {
  return {
    name: "onnxruntime",
    prepare: (graph, options) => prepare(platform, graph, options),
    predictMemory: (graph, bindings, options) => predictMemory(graph, bindings, options, platform.lowering),
  };
}

async function prepare(platform: Platform, graph: Graph, options: PrepareOptions = {}): Promise<Program> {
  const { ort, lowering } = platform;
  if (options.background && options.carry === undefined && options.shares === undefined && platform.background) {
    const outputs = graph.outputs.map((output) => output.name);
    return platform.background(writeModel(sessionGraph(graph, lowering)), platform.sessionOptions(options), outputs);
  }
  const carry = Object.entries(options.carry ?? {});
  const carried = carriedFor(WHERE, ort, options, () => firstValues(platform, options));
  const { values, spare } = carried.state;
  if (options.shares !== undefined) {
    const held = [...values].map(([name, { type, dims }]) => [name, { dtype: type as DType, dims }] as const);
    checkShared(WHERE, graph, options.carry ?? {}, held);
  }
  let session: InferenceSession | undefined;
  const next = new Set(carry.map(([, output]) => output));
  const free = graph.outputs.map((output) => output.name).filter((name) => !next.has(name));
  const alive = (): InferenceSession => {
    if (session === undefined) throw fail(WHERE, "the program was released");
    return session;
  };

  const program: Program = {
    async run(inputs, fetch = free) {
      const open = alive();
      const feeds: Record<string, OrtTensor> = Object.fromEntries(values);
      for (const [name, value] of Object.entries(inputs)) feeds[name] = toOrt(ort, value);
      const fetches: Record<string, OrtTensor | null> = {};
      for (const name of fetch) fetches[name] = null;
      for (const [input, output] of carry) fetches[output] = spare.get(input) ?? null;
      const results = await open.run(feeds, fetches);
      for (const [input, output] of carry) {
        if (platform.writesInto) spare.set(input, values.get(input)!);
        values.set(input, results[output] as OrtTensor);
      }
      return Object.fromEntries(fetch.map((name) => [name, fromOrt(results[name] as OrtTensor)]));
    },
    async state() {
      alive();
      return Object.fromEntries([...values].map(([name, value]) => [name, copy(fromOrt(value))]));
    },
    async setState(replaced) {
      alive();
      for (const [name, value] of Object.entries(replaced)) {
        if (!values.has(name)) throw fail(WHERE, `expected a carried input; received "${name}"`);
        values.set(name, toOrt(ort, copy(value)));
      }
    },
    async release() {
      const open = session;
      if (open === undefined) return;
      session = undefined;
      if (letGo(program, carried)) {
        values.clear();
        spare.clear();
      }
      await open.release();
    },
  };
  // Held while the session is made: whoever shares these values may be released meanwhile.
  hold(program, carried);
  try {
    session = await ort.InferenceSession.create(
      writeModel(sessionGraph(graph, lowering)),
      platform.sessionOptions(options),
    );
  } catch (error) {
    letGo(program, carried);
    throw error;
  }
  return program;
}

/** Carried values, and a second buffer for each where runs write into them: one is read while the other is written. */
interface CarriedTensors {
  readonly values: Map<string, OrtTensor>;
  readonly spare: Map<string, OrtTensor>;
}

function firstValues({ ort, writesInto }: Platform, { carry = {}, initial = {} }: PrepareOptions): CarriedTensors {
  const values = new Map<string, OrtTensor>();
  for (const [input, output] of Object.entries(carry)) {
    const first = initial[input];
    if (first === undefined) throw fail(WHERE, `the carried input "${input}" (from "${output}") has no initial value`);
    values.set(input, toOrt(ort, copy(first)));
  }
  const spare = writesInto ? [...values].map(([input, value]) => [input, emptyLike(ort, value)] as const) : [];
  return { values, spare: new Map(spare) };
}

function toOrt(ort: Ort, { dtype, dims, data }: Tensor): OrtTensor {
  return new ort.Tensor(dtype as "float32", data as Float32Array, dims);
}

function emptyLike(ort: Ort, value: OrtTensor): OrtTensor {
  const { data } = fromOrt(value);
  return toOrt(ort, { ...fromOrt(value), data: data.slice().fill(0 as never) as Tensor["data"] });
}

function fromOrt(value: OrtTensor): Tensor {
  const data = value.data as Tensor["data"];
  // Node with a native Float16Array hands halves out as that; Graft keeps their bits.
  const bits = value.type === "float16" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return { dtype: value.type as Tensor["dtype"], dims: value.dims, data: bits };
}

function copy(value: Tensor): Tensor {
  return { ...value, data: value.data.slice() as Tensor["data"] };
}
