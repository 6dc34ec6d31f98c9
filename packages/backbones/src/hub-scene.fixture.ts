import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { fetchFromHub, type HubOptions } from "./hub.ts";
import { cachedPath } from "./hub-file.ts";
import { type HubServer, hubServer } from "./hub-server.fixture.ts";

// A hub of one file and an empty cache, anew for every test of a file that imports this.

export const FILE: { repository: string; file: string; revision: string } = {
  repository: "owner/net",
  file: "onnx/model.onnx",
  revision: "main",
};
export const KEY = "owner/net/resolve/main/onnx/model.onnx";
export const bytes: Uint8Array = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
export const SHA: string = createHash("sha256").update(bytes).digest("hex");

export let hub: HubServer;
export let cache: string;
export let files: Record<string, Uint8Array>;
export let waits: number[];

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "graft-hub-"));
  files = { [KEY]: bytes };
  hub = await hubServer(files);
  waits = [];
});
afterEach(async () => {
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

export const options = (more: Partial<HubOptions> = {}): HubOptions => ({
  cache,
  env: { GRAFT_HUB: hub.base },
  sleep: async (ms) => void waits.push(ms),
  ...more,
});
export const get = (sha256: string = SHA, more: Partial<HubOptions> = {}): ReturnType<typeof fetchFromHub> =>
  fetchFromHub(FILE, sha256, options(more));
export const path = (): string => cachedPath(cache, FILE);
