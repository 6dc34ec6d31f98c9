import {
  allocate,
  type Engine,
  fail,
  type Graph,
  type PrepareOptions,
  type Program,
  type Tensor,
  type Tensors,
  unknownName,
} from "@graft-ml/core";
import { peakMemory } from "@graft-ml/graph";
import { carriedBytes, carriedFor, checkShared, hold, letGo } from "../carried.ts";
import { checkTypes, compile, type Step } from "./compile.ts";
import type { Device, DeviceTensor } from "./device.ts";
import { constantNodes, type Plan, plan } from "./plan.ts";
import { dispose, logical, shared, uploaded, type Value } from "./value.ts";

const WHERE = "runtime/tfjs";

/** The engine over one device. */
export function engineOn(device: Device): Engine {
  return {
    name: device.name,
    prepare: async (graph, options = {}) => prepareProgram(graph, options, device),
    predictMemory(graph, bindings, options = {}) {
      const { initializers, inputs, values } = peakMemory(graph, bindings);
      const others = options.initial === undefined ? carriedBytes(graph, options) : 0;
      return initializers + inputs - others + ALLOCATOR * values + DEVICE;
    },
  };
}

// Measured over steps of EfficientNet-Lite0, docs/proofs/step-memory.md: how much more than the living values the allocator takes,
// and what the kernels need before any value.
const ALLOCATOR = 1.35;
const DEVICE = 75e6;

/** Makes a graph ready: kernels chosen, initializers on the device, what is constant computed. */
function prepareProgram(graph: Graph, options: PrepareOptions, device: Device): Program {
  const { carry = {}, initial = {}, shares } = options;
  checkCarry(graph, carry, shares === undefined ? initial : undefined);
  checkTypes(graph);
  device.activate();
  const carried = carriedFor(WHERE, device, options, () => new Map<string, Value>());
  const state = carried.state;
  if (shares !== undefined) checkShared(WHERE, graph, carry, state);

  const outputNames = graph.outputs.map((output) => output.name);
  const next = [...new Set(Object.values(carry))];
  const everything = [...new Set([...outputNames, ...next])];
  const variable = new Set([...graph.inputs.map((input) => input.name), ...Object.keys(carry)]);
  const constant = constantNodes(graph, new Set([...graph.initializers.keys()].filter((name) => !variable.has(name))));
  const needed = new Set(plan(graph, everything, () => true).nodes);
  const steps = graph.nodes.map((node, index) => (needed.has(index) ? compile(graph, node, device) : undefined));

  const constants = new Map<string, Value>();
  const plans = new Map<string, Plan>();
  let released = false;

  const planFor = (outputs: readonly string[]): Plan => {
    const key = outputs.join("\0");
    const present = plans.get(key) ?? plan(graph, outputs, (index) => !constant.has(index));
    plans.set(key, present);
    return present;
  };
  const setState = (values: Tensors) => {
    for (const [name, value] of Object.entries(values)) {
      const old = state.get(name);
      state.set(name, uploaded(value, device));
      if (old !== undefined) dispose(old);
    }
  };
  const lookup = (local: ReadonlyMap<string, Value>) => (name: string) =>
    local.get(name) ?? state.get(name) ?? constants.get(name);
  const alive = () => {
    if (released) throw fail(WHERE, "the program was released");
    device.activate();
  };

  try {
    computeConstants(graph, steps, constant, needed, new Set(everything), carry, constants, device);
    setState(initial);
  } catch (error) {
    for (const value of constants.values()) dispose(value);
    if (carried.holders === 0) for (const value of state.values()) dispose(value);
    throw error;
  }

  const program: Program = {
    async run(inputs, fetch) {
      alive();
      const fetched = fetch ?? outputNames.filter((name) => !next.includes(name));
      for (const name of fetched) {
        if (!outputNames.includes(name)) throw unknownName(WHERE, "output", name, outputNames);
      }
      const local = new Map<string, Value>();
      try {
        feed(graph, inputs, carry, local, device);
        const { nodes, frees } = planFor([...new Set([...fetched, ...next])]);
        nodes.forEach((index, position) => {
          execute(steps[index]!, lookup(local), local, device);
          for (const name of frees[position]!) free(local, name);
        });
        const results = fetched.map((name) => download(found(lookup(local), name), device));
        const made = Object.entries(carry).map(
          ([input, output]) => [input, shared(found(lookup(local), output), device)] as const,
        );
        for (const [input, value] of made) {
          dispose(state.get(input)!);
          state.set(input, value);
        }
        const tensors = await Promise.all(results);
        return Object.fromEntries(fetched.map((name, i) => [name, tensors[i]!]));
      } finally {
        for (const value of local.values()) dispose(value);
      }
    },
    async state() {
      alive();
      const names = [...state.keys()];
      const tensors = await Promise.all(names.map((name) => download(state.get(name)!, device)));
      return Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
    },
    async setState(values) {
      alive();
      for (const name of Object.keys(values)) {
        if (!state.has(name)) throw unknownName(WHERE, "carried input", name, [...state.keys()]);
      }
      setState(values);
    },
    async release() {
      if (released) return;
      released = true;
      for (const value of constants.values()) dispose(value);
      constants.clear();
      if (!letGo(program, carried)) return;
      for (const value of state.values()) dispose(value);
      state.clear();
    },
  };
  hold(program, carried);
  return program;
}

/** Uploads the initializers that are read and runs the constant nodes once; keeps what the others read. */
function computeConstants(
  graph: Graph,
  steps: readonly (Step | undefined)[],
  constant: ReadonlySet<number>,
  needed: ReadonlySet<number>,
  outputs: ReadonlySet<string>,
  carry: Readonly<Record<string, string>>,
  constants: Map<string, Value>,
  device: Device,
): void {
  const get = (name: string) => {
    let value = constants.get(name);
    const initializer = graph.initializers.get(name);
    if (value === undefined && initializer !== undefined) {
      value = uploaded(initializer, device);
      constants.set(name, value);
    }
    return value;
  };
  const read = new Set(outputs);
  const carries = (name: string) => carry[name] !== undefined;
  graph.nodes.forEach((node, index) => {
    if (!needed.has(index)) return;
    if (constant.has(index)) execute(steps[index]!, get, constants, device);
    else for (const name of node.inputs) read.add(name);
  });
  for (const name of read) if (!carries(name)) get(name);
  for (const name of [...constants.keys()]) if (!read.has(name)) free(constants, name);
}

function execute(step: Step, get: (name: string) => Value | undefined, into: Map<string, Value>, device: Device): void {
  const inputs = step.node.inputs.map((name) => (name === "" ? undefined : found(get, name)));
  const engine = device.core.engine();
  let results: readonly Value[] = [];
  engine.startScope();
  try {
    results = step.run(inputs);
  } finally {
    // What the kernel made on its way is freed; its results stay.
    engine.endScope(results.flatMap((value) => [...value.forms.values()]));
  }
  step.node.outputs.forEach((name, i) => {
    if (name !== "" && results[i] !== undefined) into.set(name, results[i]);
    else if (results[i] !== undefined) dispose(results[i]);
  });
}

function feed(
  graph: Graph,
  inputs: Tensors,
  carry: Readonly<Record<string, string>>,
  into: Map<string, Value>,
  device: Device,
): void {
  const wanted = graph.inputs.filter(({ name }) => carry[name] === undefined);
  for (const name of Object.keys(inputs)) {
    if (!wanted.some((input) => input.name === name))
      throw unknownName(
        WHERE,
        "input",
        name,
        wanted.map((input) => input.name),
      );
  }
  for (const { name, dtype } of wanted) {
    const tensor = inputs[name];
    if (tensor === undefined) {
      if (graph.initializers.has(name)) continue;
      throw fail(WHERE, `expected input "${name}"; received ${Object.keys(inputs).join(", ") || "none"}`);
    }
    if (tensor.dtype !== dtype) throw fail(WHERE, `expected input "${name}" to be ${dtype}; received ${tensor.dtype}`);
    into.set(name, uploaded(tensor, device));
  }
}

/** Values that are shared have no first ones. */
function checkCarry(graph: Graph, carry: Readonly<Record<string, string>>, initial: Tensors | undefined): void {
  const inputs = [...graph.inputs.map((input) => input.name), ...graph.initializers.keys()];
  const outputs = graph.outputs.map((output) => output.name);
  for (const [input, output] of Object.entries(carry)) {
    if (!inputs.includes(input)) throw unknownName(WHERE, "input", input, inputs);
    if (!outputs.includes(output)) throw unknownName(WHERE, "output", output, outputs);
    if (initial !== undefined && initial[input] === undefined)
      throw fail(WHERE, `expected a first value for the carried input "${input}"`);
  }
  for (const name of Object.keys(initial ?? {})) {
    if (carry[name] === undefined) throw unknownName(WHERE, "carried input", name, Object.keys(carry));
  }
}

async function download(value: Value, device: Device): Promise<Tensor> {
  const values = value.host ?? (await device.read(logical(value, device)));
  if (value.dtype === "float32" && values instanceof Float32Array)
    return { dtype: value.dtype, dims: [...value.dims], data: values };
  const data = allocate(value.dtype, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  } else data.set(values as ArrayLike<number>);
  return { dtype: value.dtype, dims: [...value.dims], data };
}

function found(get: (name: string) => Value | undefined, name: string): Value {
  const value = get(name);
  if (value === undefined)
    throw fail(WHERE, `value "${name}" is read before it is made; is the graph in topological order?`);
  return value;
}

function free(values: Map<string, Value>, name: string): void {
  const value = values.get(name);
  if (value === undefined) return;
  values.delete(name);
  dispose(value as { forms: Map<string, DeviceTensor> } & Value);
}
