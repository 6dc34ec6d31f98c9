import type { Engine } from "@graft-ml/core";
import type { WasmOptions } from "../wasm-files.ts";
import { openDevice, probeBackend, type TfjsProbe } from "./backends.ts";
import { engineOn } from "./program.ts";
import { wasmBackend } from "./wasm-backend.ts";

/**
 * Runs graphs on TensorFlow.js kernels in WebAssembly, pictures in `[batch, height, width, channels]` inside; with threads where
 * the page is cross-origin isolated. A page has one module: the options of the first call stand.
 */
export async function tfjsEngine(options: WasmOptions = {}): Promise<Engine> {
  return engineOn(await openDevice(wasmBackend(options)));
}

/** Says whether the backend starts in this page; never throws. */
export function probeTfjs(options: WasmOptions = {}): Promise<TfjsProbe> {
  return probeBackend(wasmBackend(options));
}
