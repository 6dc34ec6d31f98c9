import { fail } from "@graft-ml/core";
import { composedDevice } from "./composed.ts";
import { type BackendName, type Device, kernels } from "./device.ts";
import { nativeDevice } from "./native.ts";

/** What is known of a backend on this machine. */
export interface TfjsProbe {
  readonly available: boolean;
  readonly version?: string;
  /** Why it is not available. */
  readonly reason?: string;
  /** What to do about it. */
  readonly mend?: string;
}

const WHERE = "runtime/tfjs";

const MENDS: Readonly<Record<BackendName, string>> = {
  "tfjs-node": "install @tensorflow/tfjs-node and its native addon (in this repository: pnpm native)",
  "tfjs-wasm": "install @tensorflow/tfjs-core and @tensorflow/tfjs-backend-wasm",
};

// Names in variables keep bundlers from following what only Node has.
const NODE_PACKAGE: string = "@tensorflow/tfjs-node";
const NODE_UTIL: string = "node:util";

const devices = new Map<BackendName, Promise<Device>>();

/** Says whether a backend can run here; never throws. */
export async function probeTfjs(backend: BackendName): Promise<TfjsProbe> {
  try {
    const device = await openDevice(backend);
    return { available: true, version: device.core.version_core };
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined;
    const reason = (cause?.message ?? (error as Error).message).split("\n")[0]!.trim();
    return { available: false, reason, mend: MENDS[backend] };
  }
}

/** Loads a backend once a process. */
export function openDevice(backend: BackendName): Promise<Device> {
  let device = devices.get(backend);
  if (device === undefined) {
    // One after the other: TensorFlow.js gives up on a backend when another one is chosen while it starts.
    device = [...devices.values()]
      .reduce<Promise<unknown>>((before, other) => before.then(() => other.catch(() => undefined)), Promise.resolve())
      .then(backend === "tfjs-node" ? openNode : openWasm)
      .catch((cause: unknown) => {
        devices.delete(backend);
        throw fail(
          WHERE,
          `cannot load ${backend}: ${(cause as Error).message.split("\n")[0]}. Mend: ${MENDS[backend]}`,
          {
            cause,
          },
        );
      });
    devices.set(backend, device);
  }
  return device;
}

async function openNode(): Promise<Device> {
  await mendNodeUtil();
  // TensorFlow prints its build flags at every start unless told otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  await import(NODE_PACKAGE);
  const core = await import("@tensorflow/tfjs-core");
  if (core.engine().findBackend("tensorflow") === null) {
    throw new Error(
      "@tensorflow/tfjs-node brought another copy of @tensorflow/tfjs-core; install the same version of both",
    );
  }
  await core.setBackend("tensorflow");
  return nativeDevice(kernels("tfjs-node", core, "tensorflow"));
}

async function openWasm(): Promise<Device> {
  const core = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-wasm");
  if (!(await core.setBackend("wasm"))) throw new Error("the WebAssembly backend did not start");
  return composedDevice(kernels("tfjs-wasm", core, "wasm"));
}

/** Node 23 dropped two functions of `node:util` that tfjs-node 4.22 still calls. */
async function mendNodeUtil(): Promise<void> {
  const util = ((await import(NODE_UTIL)) as { default: Record<string, unknown> }).default;
  util.isNullOrUndefined ??= (value: unknown) => value == null;
  util.isArray ??= Array.isArray;
}
