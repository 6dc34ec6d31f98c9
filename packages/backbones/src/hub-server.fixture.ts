import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** What a server does with one request before its usual answer: `true` when it has answered. */
export type Trick = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server on this machine with the hub's layout, and what it was asked. */
export interface HubServer {
  readonly base: string;
  readonly requests: { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
  /** Tricks in order, one a request; after the last the server behaves. */
  tricks: Trick[];
  close(): Promise<void>;
}

/** Serves `files` by `<repository>/resolve/<revision>/<file>`, with ranges, as the hub does. */
export async function hubServer(files: Readonly<Record<string, Uint8Array>>): Promise<HubServer> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    hub.requests.push({ path, headers: request.headers });
    if (hub.tricks.shift()?.(request, response)) return;
    const bytes = files[path];
    if (bytes === undefined) response.writeHead(404).end("Entry not found");
    else sendFile(request, response, bytes);
  });
  const base = await listen(server);
  const hub: HubServer = { base, requests: [], tricks: [], close: () => stop(server) };
  return hub;
}

/** Sends a file, or the part that the request's Range and If-Range allow; is cut after `cut` bytes, once they are taken. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  {
    cut,
    taken = Promise.resolve(),
    headers = {},
  }: {
    readonly cut?: number;
    readonly taken?: Promise<void>;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): true {
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const condition = request.headers["if-range"];
  const from = asked !== undefined && (condition === undefined || condition === etag) ? Number(asked) : 0;
  if (asked !== undefined && from >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return true;
  }
  const rest = bytes.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    "content-length": rest.length,
    ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    ...headers,
  });
  if (cut === undefined) response.end(rest);
  else response.write(rest.subarray(0, cut), () => void taken.then(() => response.destroy()));
  return true;
}

/** Counts the bytes that a client writes, and tells when it has a number of them: a stream that breaks drops what nobody has read. */
export function byteCounter(): {
  readonly write: (file: FileHandle, chunk: Uint8Array) => Promise<void>;
  readonly reached: (bytes: number) => Promise<void>;
} {
  let written = 0;
  const waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  return {
    async write(file, chunk) {
      await file.writeFile(chunk);
      written += chunk.length;
      for (const { bytes, resolve } of waiting) if (written >= bytes) resolve();
    },
    reached: (bytes) => new Promise((resolve) => waiting.push({ bytes, resolve })),
  };
}

/** A trick that answers with a status. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}): Trick {
  return (_, response) => {
    response.writeHead(status, headers).end();
    return true;
  };
}

/** A proxy on this machine that tunnels to wherever it is asked, and what it was asked. */
export async function tunnelProxy(): Promise<{
  readonly base: string;
  readonly asked: string[];
  close(): Promise<void>;
}> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    asked.push(request.url ?? "");
    const port = Number(request.url?.split(":").at(-1));
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
  });
  const base = await listen(server);
  return {
    base,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return stop(server);
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
