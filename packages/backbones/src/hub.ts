import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fail, GraftError, type RunControl } from "@graft-ml/core";
import { download } from "./hub-download.ts";
import { unwritable, WHERE } from "./hub-error.ts";
import { cachedPath, checkHubFile, type HubFile, hubUrl } from "./hub-file.ts";
import { locked } from "./hub-lock.ts";
import { proxiedFetch } from "./hub-proxy.ts";

/** How files come from a hub: a server with the layout of the Hugging Face hub, `<base>/<repository>/resolve/<revision>/<file>`. */
export interface HubOptions extends RunControl {
  /** Folder that keeps what was downloaded. */
  readonly cache: string;
  /** Address of the hub or of a mirror. Default: `GRAFT_HUB`, or the public hub. */
  readonly base?: string;
  /** Token that is sent to the hub, and to no host that it redirects to. Default: `HF_TOKEN`. */
  readonly token?: string;
  /** Takes files from the cache only. Default: whether `GRAFT_OFFLINE` is set. */
  readonly offline?: boolean;
  /** Where the defaults are read, and `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: Node's, through the environment's proxy. */
  readonly fetch?: typeof fetch;
  /** Writes a chunk at the end of a file. Default: the file's own. */
  readonly write?: (file: FileHandle, chunk: Uint8Array) => Promise<unknown>;
  /** Waits between attempts. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Milliseconds without a byte after which a connection counts as cut. Default: 60,000. */
  readonly idle?: number;
}

/** A file that is on this machine and whose hash was checked. */
export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const PUBLIC_HUB = "https://huggingface.co";

/** Downloads under way in this process, so that two callers share one. */
const running = new Map<string, Promise<FetchedFile>>();

/**
 * A file of a hub as a file of this machine: from the cache, else downloaded. Without a known hash the first download pins one in
 * the cache; from then on another hash is an error, as it is with a known one, and what differs is not kept.
 */
export async function fetchFromHub(
  file: HubFile,
  sha256: string | "unverified",
  options: HubOptions,
): Promise<FetchedFile> {
  checkHubFile(file);
  const path = cachedPath(options.cache, file);
  for (;;) {
    const shared = running.get(path);
    if (shared === undefined) break;
    // Another caller's interruption is not this one's.
    const result = await shared.catch((error: unknown) => {
      if (error instanceof GraftError && error.code === "interrupted") return undefined;
      throw error;
    });
    if (result !== undefined) return matching(result, file, sha256);
  }
  const mine = fetchAlone(file, path, sha256, options).finally(() => running.delete(path));
  running.set(path, mine);
  return mine;
}

function matching(found: FetchedFile, file: HubFile, sha256: string): FetchedFile {
  if (sha256 !== "unverified" && found.sha256 !== sha256)
    throw mismatch(file, `the card's sha256 ${sha256}`, found.sha256);
  return found;
}

async function fetchAlone(file: HubFile, path: string, sha256: string, options: HubOptions): Promise<FetchedFile> {
  const { env = process.env } = options;
  const offline = options.offline ?? isOn(env.GRAFT_OFFLINE);
  const cached = await fromCache(file, path, sha256);
  if (cached !== undefined) return cached;
  if (offline) {
    throw fail(
      WHERE,
      `${file.repository}/${file.file} is not in the cache, and GRAFT_OFFLINE forbids to download it. Unset it, or put the file at ${path}`,
    );
  }
  const base = options.base ?? (env.GRAFT_HUB || PUBLIC_HUB);
  hubUrl(base, file);
  const { signal, onEvent, write, sleep, idle } = options;
  const token = options.token ?? (env.HF_TOKEN || undefined);
  const transport = {
    base,
    token,
    fetch: options.fetch ?? (await proxiedFetch(env)),
    signal,
    onEvent,
    write,
    sleep,
    idle,
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    return await locked(
      path,
      signal,
      () => fromCache(file, path, sha256),
      async () => {
        const part = `${path}.part`;
        const { announced } = await download(file, part, transport as Parameters<typeof download>[2]);
        return keep(file, part, path, { card: sha256, announced });
      },
    );
  } catch (error) {
    throw unwritable(error, path, file);
  }
}

async function fromCache(file: HubFile, path: string, sha256: string): Promise<FetchedFile | undefined> {
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return undefined;
  const found = await hashOf(path);
  const pinned = sha256 === "unverified" ? await readPin(path) : sha256;
  if (pinned !== undefined && pinned !== found) {
    await rm(path, { force: true });
    throw mismatch(file, `sha256 ${pinned} in the cache`, found, "It was removed: run again to download it");
  }
  // A file that somebody put there by hand is pinned like a first download.
  if (pinned === undefined) await writePin(path, file, found, size).catch(() => {});
  return { path, bytes: size, sha256: found };
}

async function keep(
  file: HubFile,
  part: string,
  path: string,
  known: { readonly card: string; readonly announced: string | undefined },
): Promise<FetchedFile> {
  const [found, { size }] = [await hashOf(part), await stat(part)];
  const pinned = known.card === "unverified" ? await readPin(path) : undefined;
  const wrong =
    known.card !== "unverified" && known.card !== found
      ? mismatch(file, `the card's sha256 ${known.card}`, found)
      : pinned !== undefined && pinned !== found
        ? mismatch(
            file,
            `sha256 ${pinned} pinned at the first download`,
            found,
            `Delete ${path}.pin.json if the change is meant`,
          )
        : known.announced !== undefined && known.announced !== found
          ? mismatch(file, `sha256 ${known.announced} that the hub announced`, found, "Run again")
          : undefined;
  if (wrong !== undefined) {
    await rm(part, { force: true });
    throw wrong;
  }
  // The pin comes first: a file without one would be trusted as it is.
  await writePin(path, file, found, size);
  await rename(part, path);
  await syncFolder(dirname(path));
  return { path, bytes: size, sha256: found };
}

function mismatch(
  { repository, file }: HubFile,
  expected: string,
  found: string,
  how = "It was not kept. Check the mirror that GRAFT_HUB names",
): GraftError {
  return fail(WHERE, `expected ${repository}/${file} with ${expected}; received ${found}. ${how}`);
}

async function readPin(path: string): Promise<string | undefined> {
  const text = await readFile(`${path}.pin.json`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { sha256 } = JSON.parse(text) as { sha256?: unknown };
    if (typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  } catch {
    // What follows says it for both.
  }
  throw fail(WHERE, `${path}.pin.json holds no sha256. Delete it and ${path} to download anew`);
}

async function writePin(path: string, file: HubFile, sha256: string, bytes: number): Promise<void> {
  const temporary = `${path}.pin.${randomUUID()}`;
  const handle = await open(temporary, "wx");
  try {
    await handle.writeFile(`${JSON.stringify({ ...file, sha256, bytes }, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, `${path}.pin.json`);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; the rename has happened either way.
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value.toLowerCase() !== "false";
}
