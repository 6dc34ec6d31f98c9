import { type Engine, fail, unknownName } from "@graft-ml/core";
import { onnxRuntimeEngine, probeOnnxRuntime } from "./onnxruntime/index.ts";
import { probeTfjs, tfjsEngine } from "./tfjs/index.ts";

/** What is known of an engine on this machine. */
export interface EngineReport {
  readonly name: string;
  readonly available: boolean;
  readonly version?: string;
  /** Why it is not available. */
  readonly reason?: string;
  /** How to get it. */
  readonly mend?: string;
}

interface Entry {
  readonly probe: () => Promise<Omit<EngineReport, "name">>;
  readonly open: () => Promise<Engine>;
}

const ENGINES: Readonly<Record<string, Entry>> = {
  onnxruntime: { probe: probeOnnxRuntime, open: onnxRuntimeEngine },
  "tfjs-node": { probe: () => probeTfjs("tfjs-node"), open: () => tfjsEngine({ backend: "tfjs-node" }) },
  "tfjs-wasm": { probe: () => probeTfjs("tfjs-wasm"), open: () => tfjsEngine({ backend: "tfjs-wasm" }) },
};

/** Names of all engines, the default first. */
export const engineNames: readonly string[] = Object.keys(ENGINES);

/** Looks at every engine; a missing one is a report, never an error. */
export async function probeEngines(): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const [name, { probe }] of Object.entries(ENGINES)) reports.push({ name, ...(await probe()) });
  return reports;
}

/** Opens an engine by name; one that is not present is an error that says how to get it. */
export async function openEngine(name: string): Promise<Engine> {
  const entry = ENGINES[name];
  if (entry === undefined) throw unknownName("runtime", "engine", name, engineNames);
  const report = await entry.probe();
  if (!report.available) {
    throw fail(
      "runtime",
      `the engine ${name} is not available: ${report.reason ?? "unknown reason"}.${report.mend ? ` ${report.mend}` : ""}`,
    );
  }
  return entry.open();
}
