import { fail } from "@graft-ml/core";
import { Passing, refusal, WHERE } from "./hub-error.ts";
import type { HubFile } from "./hub-file.ts";

/** What one attempt needs to know. */
export interface Attempt {
  readonly file: HubFile;
  readonly url: URL;
  readonly fetch: typeof fetch;
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
  /** Bytes that are here already. */
  readonly from: number;
  /** Entity tag of the bytes that are here. */
  readonly etag?: string | undefined;
}

/** An answer whose body is the file's bytes from `from` on. */
export interface Opened {
  readonly response: Response;
  readonly from: number;
  /** Size of the whole file, where the server says it. */
  readonly total?: number;
  readonly etag?: string;
  /** The hash that the hub announces for the file. */
  readonly sha256?: string;
}

const MOST_REDIRECTS = 8;
/** Longest wait that a server may ask for before it counts as a refusal. */
const MOST_WAIT = 120_000;

/** Asks for the rest of a file, following redirects by hand: the token goes to the hub alone, and its headers are kept. */
export async function openHubFile(attempt: Attempt): Promise<Opened> {
  const { file, from, etag } = attempt;
  let url = attempt.url;
  let sha256: string | undefined;
  for (let redirects = 0; ; redirects++) {
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (attempt.token && url.origin === attempt.url.origin) headers.authorization = `Bearer ${attempt.token}`;
    if (from > 0) headers.range = `bytes=${from}-`;
    if (from > 0 && etag !== undefined) headers["if-range"] = etag;
    const response = await attempt.fetch(url, { headers, redirect: "manual", signal: attempt.signal });
    sha256 ??= announcedHash(response.headers);
    if (response.status === 206 || response.status === 200) return opened(response, from, sha256);
    await response.body?.cancel();
    if (response.status === 416) {
      const total = Number(/^bytes \*\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]);
      return { response, from: 0, total, ...(sha256 !== undefined && { sha256 }) };
    }
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      if (redirects === MOST_REDIRECTS)
        throw fail(
          WHERE,
          `the hub redirects ${file.repository}/${file.file} in a circle. Check the mirror that GRAFT_HUB names`,
        );
      url = redirected(location, url);
      continue;
    }
    throw (
      refusal(response.status, file, attempt.token !== undefined) ??
      new Passing(`the hub answers ${response.status}`, { wait: retryAfter(response, file) })
    );
  }
}

function redirected(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && from.protocol === "http:");
  if (url === undefined || !safe)
    throw fail(WHERE, `the hub redirects to ${JSON.stringify(location)}, which is not followed`);
  return url;
}

function opened(response: Response, asked: number, sha256: string | undefined): Opened {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const from = response.status === 206 ? Number(range?.[1] ?? Number.NaN) : 0;
  if (from !== 0 && from !== asked) throw new Passing("the server sent another part than the one asked for");
  const length = response.headers.get("content-length");
  const total =
    response.status === 206
      ? range?.[2] === undefined || range[2] === "*"
        ? undefined
        : Number(range[2])
      : length === null || response.headers.get("content-encoding")
        ? undefined
        : Number(length);
  const etag = response.headers.get("etag");
  return {
    response,
    from,
    ...(total !== undefined && { total }),
    // A weak tag does not promise equal bytes.
    ...(etag !== null && !etag.startsWith("W/") && { etag }),
    ...(sha256 !== undefined && { sha256 }),
  };
}

/** The hub tags large files by their hash. */
function announcedHash(headers: Headers): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(headers.get("x-linked-etag") ?? "")?.[1];
}

function retryAfter(response: Response, { repository }: HubFile): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  if (Number.isNaN(wait)) return undefined;
  if (wait > MOST_WAIT) {
    const seconds = Math.ceil(wait / 1000);
    const how = response.status === 429 ? ", or set HF_TOKEN, which allows more" : "";
    throw fail(
      WHERE,
      `the hub asks to wait ${seconds} s before ${repository} (${response.status}). Run again later${how}`,
    );
  }
  return Math.max(0, wait);
}
