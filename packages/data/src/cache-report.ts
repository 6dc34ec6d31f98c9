import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "@graft-ml/core";
import { cacheFolder } from "./cache-folder.ts";
import { openShard } from "./feature-shard.ts";
import { measureSpace } from "./feature-space.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** A space touched this recently may be another process's; it is not pruned to make room. */
const BUSY_MS = 10 * 60 * 1000;

/** One space of the feature store as `cacheReport` shows it. */
export interface CachedSpace {
  readonly key: string;
  /** sha256 of the model, `unknown` where the description is damaged. */
  readonly weights: string;
  readonly boundary: string;
  readonly samples: number;
  readonly bytes: number;
  /** ISO 8601. */
  readonly lastUsed: string;
}

/** What the cache holds. */
export interface CacheReport {
  readonly directory: string;
  readonly bytes: number;
  /** Last used first. */
  readonly spaces: readonly CachedSpace[];
}

/** Which spaces `pruneCache` removes: one of the three must be given. */
export interface PruneOptions {
  /** Default: `cacheFolder()`. */
  readonly directory?: string;
  readonly olderThanDays?: number;
  readonly all?: boolean;
  /** Removes the least recently used until no more than this many bytes are left. */
  readonly toBytes?: number;
}

interface SpaceOnDisk {
  readonly key: string;
  readonly folder: string;
  readonly bytes: number;
  readonly lastUsed: Date;
}

/** Lists the spaces of the feature store with their sizes in bytes; a missing folder is an empty cache. */
export async function cacheReport(directory: string = cacheFolder()): Promise<CacheReport> {
  const spaces: CachedSpace[] = [];
  for (const { key, folder, bytes, lastUsed } of await listSpaces(directory)) {
    spaces.push({ key, ...(await describe(folder)), bytes, lastUsed: lastUsed.toISOString() });
  }
  return { directory, bytes: spaces.reduce((sum, space) => sum + space.bytes, 0), spaces };
}

/** Removes spaces from the feature store and says which, and how many bytes that freed. Nothing else is ever touched. */
export async function pruneCache(options: PruneOptions): Promise<{ removed: string[]; bytes: number }> {
  const { directory = cacheFolder(), olderThanDays, all, toBytes } = options;
  if (all !== true && olderThanDays === undefined && toBytes === undefined) {
    throw fail("data/feature-store", "expected all, olderThanDays or toBytes; received none. Say what to remove");
  }
  const spaces = await listSpaces(directory);
  const old = (space: SpaceOnDisk) =>
    Date.now() - space.lastUsed.getTime() > (olderThanDays ?? Number.POSITIVE_INFINITY) * DAY_MS;
  const gone = spaces.filter((space) => all === true || old(space));
  await remove(gone);
  const rest = spaces.filter((space) => !gone.includes(space));
  if (toBytes !== undefined) gone.push(...(await pruneSpaces(rest, toBytes, 0)));
  return { removed: gone.map(({ key }) => key), bytes: gone.reduce((sum, space) => sum + space.bytes, 0) };
}

/** The spaces of a store, last used first. */
export async function listSpaces(directory: string): Promise<SpaceOnDisk[]> {
  const root = join(directory, "features");
  const spaces: SpaceOnDisk[] = [];
  for (const entry of await readdir(root, { withFileTypes: true }).catch(() => [])) {
    // The user may point GRAFT_CACHE anywhere: only folders that bear our kind of name are ours.
    if (!entry.isDirectory() || !/^[0-9a-f]{32}$/.test(entry.name)) continue;
    const folder = join(root, entry.name);
    const measured = await measureSpace(folder).catch(() => undefined);
    if (measured) spaces.push({ key: entry.name, folder, ...measured });
  }
  return spaces.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime() || (a.key < b.key ? -1 : 1));
}

/** Removes the least recently used spaces until the rest fit; those used in the last `busyMs` milliseconds stay. */
export async function pruneSpaces(
  spaces: readonly SpaceOnDisk[],
  toBytes: number,
  busyMs: number = BUSY_MS,
): Promise<SpaceOnDisk[]> {
  let total = spaces.reduce((sum, space) => sum + space.bytes, 0);
  const gone: SpaceOnDisk[] = [];
  for (const space of [...spaces].reverse()) {
    if (total <= toBytes) break;
    if (Date.now() - space.lastUsed.getTime() < busyMs) continue;
    gone.push(space);
    total -= space.bytes;
  }
  await remove(gone);
  return gone;
}

async function remove(spaces: readonly SpaceOnDisk[]): Promise<void> {
  for (const { folder } of spaces) await rm(folder, { recursive: true, force: true });
}

async function describe(folder: string): Promise<{ weights: string; boundary: string; samples: number }> {
  const text = await readFile(join(folder, "space.json"), "utf8").catch(() => "");
  const hashes = new Set<string>();
  try {
    const { weights, boundary, dims } = JSON.parse(text) as Record<string, unknown>;
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".safetensors")) continue;
      const shard = await openShard(join(folder, name), dims as number[]).catch(() => undefined);
      for (const hash of shard?.hashes ?? []) hashes.add(hash);
    }
    return { weights: String(weights), boundary: String(boundary), samples: hashes.size };
  } catch {
    return { weights: "unknown", boundary: "unknown", samples: 0 };
  }
}
