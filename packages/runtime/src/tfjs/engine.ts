import type { Engine } from "@graft-ml/core";
import { openDevice } from "./backends.ts";
import type { BackendName } from "./device.ts";
import { prepareProgram } from "./program.ts";

/** Options of `tfjsEngine`. */
export interface TfjsEngineOptions {
  /** `tfjs-node` is TensorFlow's native library, `tfjs-wasm` runs anywhere that WebAssembly does. */
  readonly backend: BackendName;
}

/** Runs graphs on TensorFlow.js kernels, pictures in `[batch, height, width, channels]` inside. */
export async function tfjsEngine(options: TfjsEngineOptions): Promise<Engine> {
  const device = await openDevice(options.backend);
  return {
    name: options.backend,
    prepare: async (graph, prepareOptions = {}) => prepareProgram(graph, prepareOptions, device),
  };
}
