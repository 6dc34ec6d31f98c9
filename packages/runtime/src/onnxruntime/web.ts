import { type Engine, fail } from "@graft-ml/core";
import { graphBuilder, writeModel } from "@graft-ml/graph";
import { folderUrl, page, type WasmOptions } from "../wasm-files.ts";
import { engineOn, LEFT_OUT } from "./program.ts";

type Ort = typeof import("onnxruntime-web/wasm");
const WHERE = "runtime/onnxruntime";
const MEND =
  "install onnxruntime-web and serve its dist/ort-wasm-simd-threaded.mjs and .wasm from the folder named as wasmPaths";

let opened: Promise<Ort> | undefined;

/**
 * Opens ONNX Runtime for browsers: WebAssembly, with one thread a core where the page is cross-origin isolated, otherwise with one.
 * A page has one module and its threads: the options of the first call stand, and `threads` and `background` change nothing.
 */
export async function onnxRuntimeEngine(options: WasmOptions = {}): Promise<Engine> {
  const ort = await open(options);
  return engineOn({
    ort,
    // Its build has no blocked layout.
    lowering: {},
    // A tensor given for a result comes back as it was: the result stays in the module's own memory.
    writesInto: false,
    // As in Node, a step plans no block of memory on top of what its first run has taken.
    sessionOptions: ({ carry }) => ({
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      enableMemPattern: carry === undefined,
      extra: { optimization: LEFT_OUT },
    }),
  });
}

/** Whether ONNX Runtime starts in this page, and how to get it where it does not. */
export async function probeOnnxRuntime(
  options: WasmOptions = {},
): Promise<{ available: boolean; version?: string; reason?: string; mend?: string }> {
  try {
    const ort = await open(options);
    const version = ort.env.versions.web ?? ort.env.versions.common;
    return { available: true, ...(version === undefined ? {} : { version }) };
  } catch (error) {
    const { message } = ((error as Error).cause as Error | undefined) ?? (error as Error);
    return { available: false, reason: message.split("\n")[0]!, mend: MEND };
  }
}

/** Loads and starts the module; one that failed cannot be started again in the same page. */
function open(options: WasmOptions): Promise<Ort> {
  opened ??= start(options).catch((cause: Error) => {
    throw fail(WHERE, `cannot start onnxruntime-web: ${cause.message.split("\n")[0]}. Mend: ${MEND}`, { cause });
  });
  return opened;
}

async function start({ wasmPaths }: WasmOptions): Promise<Ort> {
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = page.crossOriginIsolated ? (page.navigator?.hardwareConcurrency ?? 1) : 1;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = folderUrl(wasmPaths);
  // Only a session makes the module load its WebAssembly file.
  const g = graphBuilder();
  const model = g.finish([g.op("Identity", [g.input("x", "float32", [1])])]);
  await (await ort.InferenceSession.create(writeModel(model))).release();
  return ort;
}
