import type { Engine } from "@graft-ml/core";
import { type EngineEntry, type EngineReport, openOne, probeAll } from "./engine-list.ts";
import { onnxRuntimeEngine, probeOnnxRuntime } from "./onnxruntime/index.ts";
import { probeTfjs, tfjsEngine } from "./tfjs/index.ts";

export type { EngineReport } from "./engine-list.ts";

const ENGINES: Readonly<Record<string, EngineEntry<void>>> = {
  onnxruntime: { probe: probeOnnxRuntime, open: onnxRuntimeEngine },
  "tfjs-node": { probe: () => probeTfjs("tfjs-node"), open: () => tfjsEngine({ backend: "tfjs-node" }) },
  "tfjs-wasm": { probe: () => probeTfjs("tfjs-wasm"), open: () => tfjsEngine({ backend: "tfjs-wasm" }) },
};

/** Names of all engines, the default first. */
export const engineNames: readonly string[] = Object.keys(ENGINES);

/** Looks at every engine; a missing one is a report, never an error. */
export function probeEngines(): Promise<EngineReport[]> {
  return probeAll(ENGINES, undefined);
}

/** Opens an engine by name; one that is not present is an error that says how to get it. */
export function openEngine(name: string): Promise<Engine> {
  return openOne(ENGINES, name, undefined);
}
