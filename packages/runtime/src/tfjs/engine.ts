import type { Engine } from "@graft-ml/core";
import { type Backend, openDevice, probeBackend, type TfjsProbe } from "./backends.ts";
import type { BackendName } from "./device.ts";
import { nodeBackend } from "./node-backend.ts";
import { engineOn } from "./program.ts";
import { wasmBackend } from "./wasm-backend.ts";

/** Options of `tfjsEngine`. */
export interface TfjsEngineOptions {
  /** `tfjs-node` is TensorFlow's native library, `tfjs-wasm` runs anywhere that WebAssembly does. */
  readonly backend: BackendName;
}

const BACKENDS: Readonly<Record<BackendName, Backend>> = { "tfjs-node": nodeBackend, "tfjs-wasm": wasmBackend() };

/** Runs graphs on TensorFlow.js kernels, pictures in `[batch, height, width, channels]` inside. */
export async function tfjsEngine(options: TfjsEngineOptions): Promise<Engine> {
  return engineOn(await openDevice(BACKENDS[options.backend]));
}

/** Says whether a backend can run here; never throws. */
export function probeTfjs(backend: BackendName): Promise<TfjsProbe> {
  return probeBackend(BACKENDS[backend]);
}
