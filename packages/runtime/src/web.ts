import type { Engine } from "@graft-ml/core";
import { type EngineEntry, type EngineReport, openOne, probeAll } from "./engine-list.ts";
import { onnxRuntimeEngine, probeOnnxRuntime } from "./onnxruntime/web.ts";
import { probeTfjs, tfjsEngine } from "./tfjs/web.ts";
import type { WasmOptions } from "./wasm-files.ts";

export type { EngineReport } from "./engine-list.ts";
export { type LoweringOptions, lowerPrimitives } from "./onnxruntime/lowerings/index.ts";
export type { WasmOptions } from "./wasm-files.ts";
export { onnxRuntimeEngine, tfjsEngine };

const ENGINES: Readonly<Record<string, EngineEntry<WasmOptions>>> = {
  onnxruntime: { probe: probeOnnxRuntime, open: onnxRuntimeEngine },
  "tfjs-wasm": { probe: probeTfjs, open: tfjsEngine },
};

/** Names of all engines of a browser, the default first. */
export const engineNames: readonly string[] = Object.keys(ENGINES);

/** Looks at every engine; one that does not start in this page is a report, never an error. */
export function probeEngines(options: WasmOptions = {}): Promise<EngineReport[]> {
  return probeAll(ENGINES, options);
}

/** Opens an engine by name; one that does not start in this page is an error that says how to get it. */
export function openEngine(name: string, options: WasmOptions = {}): Promise<Engine> {
  return openOne(ENGINES, name, options);
}
