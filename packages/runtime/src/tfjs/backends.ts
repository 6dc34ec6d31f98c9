import { fail } from "@graft-ml/core";
import type { BackendName, Device } from "./device.ts";

/** What is known of a backend on this machine. */
export interface TfjsProbe {
  readonly available: boolean;
  readonly version?: string;
  /** Why it is not available. */
  readonly reason?: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** How a backend is loaded, and what to do where it cannot be. */
export interface Backend {
  readonly name: BackendName;
  readonly mend: string;
  open(): Promise<Device>;
}

const WHERE = "runtime/tfjs";

const devices = new Map<BackendName, Promise<Device>>();

/** Says whether a backend can run here; never throws. */
export async function probeBackend(backend: Backend): Promise<TfjsProbe> {
  try {
    const device = await openDevice(backend);
    return { available: true, version: device.core.version_core };
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined;
    const reason = (cause?.message ?? (error as Error).message).split("\n")[0]!.trim();
    return { available: false, reason, mend: backend.mend };
  }
}

/** Loads a backend once a process. */
export function openDevice({ name, mend, open }: Backend): Promise<Device> {
  let device = devices.get(name);
  if (device === undefined) {
    // One after the other: TensorFlow.js gives up on a backend when another one is chosen while it starts.
    device = [...devices.values()]
      .reduce<Promise<unknown>>((before, other) => before.then(() => other.catch(() => undefined)), Promise.resolve())
      .then(open)
      .catch((cause: unknown) => {
        devices.delete(name);
        throw fail(WHERE, `cannot load ${name}: ${(cause as Error).message.split("\n")[0]}. Mend: ${mend}`, { cause });
      });
    devices.set(name, device);
  }
  return device;
}
