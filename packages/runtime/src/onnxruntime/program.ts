import { type Engine, fail, type Graph, type PrepareOptions, type Program, type Tensor } from "@graft-ml/core";
import { writeModel } from "@graft-ml/graph";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { LoweringOptions } from "./lowerings/index.ts";
import { predictMemory } from "./predict-memory.ts";
import { sessionGraph } from "./session-graph.ts";

type Ort = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">;
const WHERE = "runtime/onnxruntime";

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
  if (options.background && options.carry === undefined && platform.background) {
    const outputs = graph.outputs.map((output) => output.name);
    return platform.background(writeModel(sessionGraph(graph, lowering)), platform.sessionOptions(options), outputs);
  }
  const carry = Object.entries(options.carry ?? {});
  const state = new Map<string, OrtTensor>();
  for (const [input, output] of carry) {
    const initial = options.initial?.[input];
    if (initial === undefined)
      throw fail(WHERE, `the carried input "${input}" (from "${output}") has no initial value`);
    state.set(input, toOrt(ort, { ...initial, data: initial.data.slice() }));
  }
  // Two buffers a carried value: one is read while the other is written.
  const spare = new Map(platform.writesInto ? carry.map(([input]) => [input, emptyLike(ort, state.get(input)!)]) : []);
  let session: InferenceSession | undefined = await ort.InferenceSession.create(
    writeModel(sessionGraph(graph, lowering)),
    platform.sessionOptions(options),
  );
  const carried = new Set(carry.map(([, output]) => output));
  const free = graph.outputs.map((output) => output.name).filter((name) => !carried.has(name));

  return {
    async run(inputs, fetch = free) {
      if (session === undefined) throw fail(WHERE, "the program was released");
      const feeds: Record<string, OrtTensor> = Object.fromEntries(state);
      for (const [name, value] of Object.entries(inputs)) feeds[name] = toOrt(ort, value);
      const fetches: Record<string, OrtTensor | null> = {};
      for (const name of fetch) fetches[name] = null;
      for (const [input, output] of carry) fetches[output] = spare.get(input) ?? null;
      const results = await session.run(feeds, fetches);
      for (const [input, output] of carry) {
        if (platform.writesInto) spare.set(input, state.get(input)!);
        state.set(input, results[output] as OrtTensor);
      }
      return Object.fromEntries(fetch.map((name) => [name, fromOrt(results[name] as OrtTensor)]));
    },
    state: async () => Object.fromEntries([...state].map(([name, value]) => [name, copy(fromOrt(value))])),
    async setState(values) {
      for (const [name, value] of Object.entries(values)) {
        if (!state.has(name)) throw fail(WHERE, `expected a carried input; received "${name}"`);
        state.set(name, toOrt(ort, copy(value)));
      }
    },
    async release() {
      state.clear();
      spare.clear();
      const open = session;
      session = undefined;
      await open?.release();
    },
  };
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
