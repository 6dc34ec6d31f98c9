import { folderUrl, page, type WasmOptions } from "../wasm-files.ts";
import type { Backend } from "./backends.ts";
import { composedDevice } from "./composed.ts";
import { type Device, kernels } from "./device.ts";

const INSTALL = "install @tensorflow/tfjs-core and @tensorflow/tfjs-backend-wasm";

/** WebAssembly, in Node and in browsers. */
export function wasmBackend({ wasmPaths }: WasmOptions = {}): Backend {
  return {
    name: "tfjs-wasm",
    mend:
      page.location === undefined
        ? INSTALL
        : `${INSTALL} and serve the latter's dist/*.wasm from the folder named as wasmPaths`,
    open: () => open(wasmPaths),
  };
}

async function open(wasmPaths: string | undefined): Promise<Device> {
  const core = await import("@tensorflow/tfjs-core");
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  if (wasmPaths !== undefined) setWasmPaths(folderUrl(wasmPaths));
  if (!(await core.setBackend("wasm"))) throw new Error("the WebAssembly backend did not start");
  return composedDevice(kernels("tfjs-wasm", core, "wasm"));
}
