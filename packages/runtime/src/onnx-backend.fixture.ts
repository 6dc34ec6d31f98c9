import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type DType,
  type Engine,
  fromBytes,
  GraftError,
  type Graph,
  type Tensor,
  type Tensors,
  toNumbers,
} from "@graft-ml/core";
import { inferShapes, readModel } from "@graft-ml/graph";

/** One case of the standard's own tests, or why it has no form here. */
export interface BackendCase {
  readonly name: string;
  readonly foreign?: string;
  readonly model?: string;
  readonly sets?: readonly { readonly inputs: Values; readonly outputs: Values }[];
}

type Values = Readonly<
  Record<string, { readonly dtype: DType; readonly dims: readonly number[]; readonly data: string }>
>;

/** All cases, or why they cannot be had. */
export interface Suite {
  readonly version: string;
  readonly cases: readonly BackendCase[];
  readonly missing?: string;
}

/** What became of a case on an engine. */
export interface Outcome {
  readonly name: string;
  readonly status: "passed" | "unsupported" | "failed";
  readonly reason?: string;
}

const SCRIPT = fileURLToPath(new URL("../../../tools/golden/onnx_backend_cases.py", import.meta.url));
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-5;
/** Of 8 and 11 bits of precision, which the expected values were rounded to as well. */
const HALF: Readonly<Record<string, number>> = { float16: 2e-3, bfloat16: 2e-2 };
/** Refusals that say that something is beyond Graft or an engine; any other refusal of a valid model is a failure. */
const BEYOND =
  /not supported|supported from|which this engine cannot|this engine computes in|expected \[batch, channels, length\]/;
/** A refusal of what only a constant can say. */
const UNBOUND = /must be constant/;
/** ONNX Runtime's own words for what it has no kernel for. */
const NO_KERNEL =
  /Unsupported data type|NOT_IMPLEMENTED|Could not find an implementation|is under development and support for this is limited/;

/** Reads the cases that the Python package `onnx` makes. */
export function loadSuite(python: string): Suite {
  const run = spawnSync(python, [SCRIPT], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (run.status !== 0) {
    const missing = run.error?.message ?? run.stderr.trim().split("\n").at(-1) ?? "it failed";
    return { version: "", cases: [], missing };
  }
  const [head, ...lines] = run.stdout.trim().split("\n");
  return {
    version: (JSON.parse(head!) as { onnx: string }).onnx,
    cases: lines.map((line) => JSON.parse(line) as BackendCase),
  };
}

/**
 * Runs a case on an engine and compares with what the standard expects. Where an operator wants a value that is known before the
 * graph runs, the integers that the case feeds are bound, as exporters write them.
 */
export async function runBackendCase(one: BackendCase, engine: Engine): Promise<Outcome> {
  const { name } = one;
  if (one.foreign !== undefined) return { name, status: "unsupported", reason: one.foreign };
  const outcome = await attempt(one, engine, false);
  return outcome.status === "failed" && UNBOUND.test(outcome.reason!) ? attempt(one, engine, true) : outcome;
}

async function attempt(one: BackendCase, engine: Engine, bound: boolean): Promise<Outcome> {
  const { name } = one;
  try {
    for (const { inputs, outputs } of one.sets!) {
      const graph = readModel(Buffer.from(one.model!, "base64"));
      const fed = tensorsOf(inputs);
      const found = await run(engine, bound ? withIntegers(graph, fed) : graph, fed);
      for (const [output, expected] of Object.entries(tensorsOf(outputs))) {
        const difference = differs(found[output], expected);
        if (difference !== undefined) return { name, status: "failed", reason: `${output}: ${difference}` };
      }
    }
    return { name, status: "passed" };
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0]!;
    const beyond = error instanceof GraftError ? BEYOND.test(reason) : NO_KERNEL.test(reason);
    return { name, status: beyond ? "unsupported" : "failed", reason };
  }
}

async function run(engine: Engine, graph: Graph, fed: Tensors): Promise<Tensors> {
  inferShapes(graph);
  const program = await engine.prepare(graph, { threads: 1 });
  try {
    return await program.run(Object.fromEntries(graph.inputs.map(({ name }) => [name, fed[name]!])));
  } finally {
    await program.release();
  }
}

function withIntegers(graph: Graph, fed: Tensors): Graph {
  const initializers = new Map(graph.initializers);
  for (const { name } of graph.inputs) if (/^u?int/.test(fed[name]!.dtype)) initializers.set(name, fed[name]!);
  return { ...graph, initializers, inputs: graph.inputs.filter(({ name }) => !initializers.has(name)) };
}

function tensorsOf(values: Values): Tensors {
  const tensors = Object.entries(values).map(([name, { dtype, dims, data }]): [string, Tensor] => [
    name,
    { dtype, dims, data: fromBytes(dtype, new Uint8Array(Buffer.from(data, "base64"))) },
  ]);
  return Object.fromEntries(tensors);
}

function differs(found: Tensor | undefined, expected: Tensor): string | undefined {
  if (found === undefined) return "nothing came";
  if (found.dtype !== expected.dtype) return `expected ${expected.dtype}; received ${found.dtype}`;
  if (`${found.dims}` !== `${expected.dims}`)
    return `expected shape [${expected.dims.join(", ")}]; received [${found.dims.join(", ")}]`;
  const [a, b] = [toNumbers(found), toNumbers(expected)];
  const inexact = expected.dtype.includes("float");
  const relative = HALF[expected.dtype] ?? RELATIVE;
  for (let i = 0; i < b.length; i++) {
    const same = Object.is(a[i], b[i]) || a[i] === b[i];
    if (same || (inexact && Math.abs(a[i]! - b[i]!) <= ABSOLUTE + relative * Math.abs(b[i]!))) continue;
    return `element ${i}: expected ${b[i]}; received ${a[i]}`;
  }
  return undefined;
}
