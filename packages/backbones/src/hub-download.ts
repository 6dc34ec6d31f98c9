import type { FileHandle } from "node:fs/promises";
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { checkInterrupted, fail, GraftError, type RunControl } from "@graft-ml/core";
import { Passing, unwritable, WHERE } from "./hub-error.ts";
import { type HubFile, hubUrl } from "./hub-file.ts";
import { type Opened, openHubFile } from "./hub-request.ts";

/** How bytes come from the hub. */
export interface Transport extends RunControl {
  /** Address of a hub or a mirror of one. */
  readonly base: string;
  readonly token?: string | undefined;
  readonly fetch: typeof fetch;
  /** Writes a chunk at the file's end. Default: the handle's own. */
  readonly write?: ((file: FileHandle, chunk: Uint8Array) => Promise<unknown>) | undefined;
  /** Waits between attempts, in milliseconds. */
  readonly sleep?: ((ms: number) => Promise<unknown>) | undefined;
  /** Milliseconds without a byte after which a connection counts as cut. Default: 60,000. */
  readonly idle?: number | undefined;
}

/** What is known of a finished part. */
export interface Downloaded {
  /** The hash that the hub announced, if it did. */
  readonly announced?: string | undefined;
}

/** Attempts in a row that bring no byte. */
const MOST_FAILURES = 5;
const MOST_ATTEMPTS = 100;
/** Node reads no larger file at once, and no ONNX file is larger. */
const MOST_BYTES = 2 ** 31 - 1;

/** Downloads into `part`, going on after what is there already, also across processes and cut connections. */
export async function download(file: HubFile, part: string, transport: Transport): Promise<Downloaded> {
  const { signal, sleep = (ms: number) => pause(ms, undefined, { signal }).catch(() => {}) } = transport;
  const what = `${file.repository}/${file.file}`;
  for (let attempts = 1, failures = 0; ; attempts++) {
    checkInterrupted(signal, WHERE);
    const before = await sizeOf(part);
    try {
      return await once(file, part, before, transport);
    } catch (error) {
      checkInterrupted(signal, WHERE);
      if (error instanceof GraftError) throw error;
      if (!(error instanceof Passing)) throw unwritable(error, part, file);
      const now = await sizeOf(part);
      failures = now > before ? 1 : failures + 1;
      if (failures >= MOST_FAILURES || attempts >= MOST_ATTEMPTS) {
        throw fail(
          WHERE,
          `cannot download ${what} from ${new URL(transport.base).host}: ${error.message}. Run again (it goes on after ${now} bytes), check the network and HTTPS_PROXY, or name a mirror by GRAFT_HUB`,
          { cause: error },
        );
      }
      await sleep(error.wait ?? Math.min(8000, 500 * 2 ** (failures - 1)));
    }
  }
}

async function once(file: HubFile, part: string, have: number, transport: Transport): Promise<Downloaded> {
  const idle = new AbortController();
  const ms = transport.idle ?? 60_000;
  const timer = setTimeout(() => idle.abort(), ms);
  const signal = transport.signal ? AbortSignal.any([transport.signal, idle.signal]) : idle.signal;
  const passing = (cause: unknown): Passing =>
    new Passing(idle.signal.aborted ? `no data for ${ms / 1000} s` : reason(cause), { cause });
  const tag = `${part}.etag`;
  try {
    const etag = have > 0 ? await readFile(tag, "utf8").catch(() => undefined) : undefined;
    const request = { file, url: hubUrl(transport.base, file), fetch: transport.fetch, token: transport.token, signal };
    const opened = await openHubFile({ ...request, from: have, etag }).catch((error: unknown) => {
      throw error instanceof GraftError || error instanceof Passing ? error : passing(error);
    });
    if (opened.response.status === 416) {
      if (opened.total === have) return { announced: opened.sha256 };
      await rm(part, { force: true });
      throw new Passing("what was here is no beginning of the file that is there");
    }
    if ((opened.total ?? 0) > MOST_BYTES)
      throw fail(WHERE, `${file.repository}/${file.file} has ${opened.total} bytes; at most ${MOST_BYTES} are taken`);
    await writeFile(tag, opened.etag ?? "");
    await receive(opened, part, transport, () => timer.refresh(), passing);
    await rm(tag, { force: true });
    return { announced: opened.sha256 };
  } finally {
    clearTimeout(timer);
  }
}

async function receive(
  { response, from, total }: Opened,
  part: string,
  { write = append, onEvent }: Transport,
  alive: () => void,
  passing: (cause: unknown) => Passing,
): Promise<void> {
  const handle = await open(part, "a");
  try {
    await handle.truncate(from);
    let done = from;
    let told = 0;
    const reader = response.body!.getReader();
    for (;;) {
      const { value: chunk } = await reader.read().catch((cause: unknown) => {
        throw passing(cause);
      });
      if (chunk === undefined) break;
      alive();
      done += chunk.byteLength;
      if (done > (total ?? MOST_BYTES)) {
        await reader.cancel();
        throw new Passing(`the server sent more than ${total ?? MOST_BYTES} bytes`);
      }
      await write(handle, chunk);
      if (total !== undefined && (done - told) * 200 >= total) {
        told = done;
        onEvent?.({ type: "progress", stage: "download", done, total });
      }
    }
    if (total !== undefined && done < total)
      throw new Passing(`the connection was cut after ${done} of ${total} bytes`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function append(handle: FileHandle, chunk: Uint8Array): Promise<unknown> {
  return handle.writeFile(chunk);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** What went wrong in one line: `fetch` hides it one or two causes deep. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? reason(cause) : message;
}
