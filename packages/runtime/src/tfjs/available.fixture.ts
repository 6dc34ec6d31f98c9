import { describe, expect, it } from "vitest";
import type { TfjsProbe } from "./backends.ts";
import type { BackendName } from "./device.ts";
import { probeTfjs } from "./engine.ts";

const NAMES: readonly BackendName[] = ["tfjs-node", "tfjs-wasm"];

const probes: readonly (readonly [BackendName, TfjsProbe])[] = await Promise.all(
  NAMES.map(async (name) => [name, await probeTfjs(name)] as const),
);

/** Runs a suite on each backend that is here; one that is missing is skipped by name, or fails where CI demands it. */
export function onEachBackend(title: string, suite: (backend: BackendName) => void): void {
  for (const [backend, probe] of probes) {
    if (probe.available) describe(`${title} on ${backend}`, () => suite(backend));
    else {
      describe(`${title} on ${backend}`, () => {
        const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
        it.skipIf(!demanded)(`is not available: ${probe.reason}. ${probe.mend}`, () => expect.fail(probe.reason));
      });
    }
  }
}
