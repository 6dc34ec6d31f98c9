import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { openPage } from "./chromium.ts";
import type { Job, PageResults } from "./wire.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TIMEOUT = 150_000;
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const { resolve } = createRequire(join(ROOT, "packages/runtime/package.json"));
/** Where the engines' packages keep the files that a page loads by itself. */
const WASM = [
  dirname(resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")),
  join(dirname(resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist"),
];

/** The page's code, as a bundler for browsers makes it of the sources. */
export interface Bundle {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly meta: Metafile;
}

/** Bundles the page as an app would: split, for browsers, nothing left out. */
export async function bundle(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, "scripts/browser/page.ts")],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    splitting: true,
    conditions: ["@graft-ml/source", "module"],
    outdir: "/bundle",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  return { files: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])), meta: metafile };
}

/** What kind of page it is. */
export interface Setting {
  /** Served with the headers that let it share memory among threads. */
  readonly isolated: boolean;
  /** The work is done in a worker of the page. */
  readonly worker: boolean;
}

/** Serves the bundle with a job, opens it in Chromium, and returns what the page posts. */
export async function visit(
  chromium: string,
  { files }: Bundle,
  job: Job,
  { isolated, worker }: Setting,
): Promise<PageResults> {
  let settle: (text: string) => void = () => undefined;
  const posted = new Promise<string>((done) => {
    settle = done;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    if (request.method === "POST") {
      let text = "";
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
      response.end();
      return settle(text);
    }
    const body = await content(pathname, files, job, worker);
    if (body === undefined) return response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": TYPES[extname(pathname)] ?? TYPES[".html"],
      ...(isolated && {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      }),
    });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const browser = openPage(chromium, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  let timer: NodeJS.Timeout | undefined;
  const silence = (what: string) => (): never => {
    throw new Error(`the page gave no results: ${what}\n${browser.log()}`);
  };
  try {
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, TIMEOUT);
    }).then(silence(`${TIMEOUT / 1000} s have passed`));
    const answer = JSON.parse(await Promise.race([posted, late, browser.ended.then(silence("Chromium ended"))]));
    if (answer.error !== undefined) throw new Error(`the page failed: ${answer.error}\n${browser.log()}`);
    return answer as PageResults;
  } finally {
    clearTimeout(timer);
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

async function content(
  path: string,
  files: Bundle["files"],
  job: Job,
  worker: boolean,
): Promise<Uint8Array | string | undefined> {
  const name = basename(path);
  if (path === "/") return html(worker);
  if (path === "/job.json") return JSON.stringify(job);
  if (path === "/model.onnx") return readFile(join(ROOT, "packages/weights-efficientnet-lite0/model.onnx"));
  if (path === `/golden/${name}`) return readFile(join(ROOT, "packages/runtime/golden", name));
  if (path === `/bundle/${name}` && files.has(name)) return files.get(name);
  // One folder for both, or each file where its engine looks by itself: beside the bundle, beside the page.
  if ([`/wasm/${name}`, `/bundle/${name}`, `/${name}`].includes(path)) return wasmFile(name);
  return undefined;
}

/** The page itself; code that does not even load is an answer as well. */
function html(worker: boolean): string {
  const post = '(error) => fetch("/results", { method: "POST", body: JSON.stringify({ error }) })';
  const start = worker
    ? 'new Worker("/bundle/page.js", { type: "module" }).onerror = (event) => failed(event.message ?? "the worker did not load")'
    : 'import("/bundle/page.js").catch((error) => failed(error.message))';
  return `<!doctype html><meta charset="utf-8"><script type="module">const failed = ${post};\n${start};</script>`;
}

async function wasmFile(name: string): Promise<Uint8Array | undefined> {
  for (const folder of WASM) {
    const found = await readFile(join(folder, name)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
