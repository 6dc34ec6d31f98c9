import type { Backend } from "./backends.ts";
import { type Device, kernels } from "./device.ts";
import { nativeDevice } from "./native.ts";

// Named in a variable: it is no dependency that must be there.
const NODE_PACKAGE: string = "@tensorflow/tfjs-node";

/** TensorFlow's native library in Node. */
export const nodeBackend: Backend = {
  name: "tfjs-node",
  mend: "install @tensorflow/tfjs-node and its native addon (in this repository: pnpm native)",
  open,
};

async function open(): Promise<Device> {
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

/** Node 23 dropped two functions of `node:util` that tfjs-node 4.22 still calls. */
async function mendNodeUtil(): Promise<void> {
  const util = ((await import("node:util")) as unknown as { default: Record<string, unknown> }).default;
  util.isNullOrUndefined ??= (value: unknown) => value == null;
  util.isArray ??= Array.isArray;
}
