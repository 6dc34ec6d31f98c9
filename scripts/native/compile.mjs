import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execute } from "./process.mjs";

const NAPI = 8;

/** Compiles the package's own binding with the system's compiler into the place where the package looks for it. */
export async function compile(folder, include, libraries, say) {
  const headers = nodeHeaders();
  const compiler = process.env.CXX ?? "g++";
  const present = await execute(compiler, ["--version"], { seconds: 30 });
  if (present.code !== 0)
    throw new Error(`building needs a C++ compiler and ${compiler} was not found; install g++ or set CXX`);

  const target = path.join(folder, "lib", `napi-v${NAPI}`);
  await mkdir(target, { recursive: true });
  const sources = (await readdir(path.join(folder, "binding"))).filter((name) => name.endsWith(".cc"));
  const fresh = path.join(target, `.tfjs_binding.${process.pid}.node`);
  say("compiling the addon");
  const run = await execute(
    compiler,
    [
      ...["-std=gnu++17", "-O2", "-fPIC", "-shared", "-w", `-DNAPI_VERSION=${NAPI}`, "-DBUILDING_NODE_EXTENSION"],
      ...[`-I${headers}`, "-I.", `-I${include}`],
      ...sources.map((name) => path.join("binding", name)),
      ...["-o", fresh, ...libraries.map((name) => path.join("deps", "lib", name)), "-Wl,-rpath,$ORIGIN/../../deps/lib"],
    ],
    { cwd: folder, seconds: 900 },
  );
  if (run.code !== 0) {
    await rm(fresh, { force: true });
    const line = run.stderr.split("\n").find((text) => /error/.test(text)) ?? `exit code ${run.code}`;
    throw new Error(`${compiler} failed: ${run.failure ?? line}`);
  }
  await rename(fresh, path.join(target, "tfjs_binding.node"));
}

function nodeHeaders() {
  const version = process.version.slice(1);
  const candidates = [
    path.resolve(process.execPath, "..", "..", "include", "node"),
    path.join(process.env.npm_config_nodedir ?? "", "include", "node"),
    path.join(os.homedir(), ".cache", "node-gyp", version, "include", "node"),
    "/usr/include/node",
    "/usr/local/include/node",
  ];
  const found = candidates.find((folder) => existsSync(path.join(folder, "node_api.h")));
  if (found !== undefined) return found;
  throw new Error(
    "building needs Node's headers (node_api.h), which were not found; install them or set npm_config_nodedir",
  );
}
