import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { compile } from "./compile.mjs";
import { execute } from "./process.mjs";

const VERSION = "2.21.0";
const TAGS = { x64: "manylinux_2_27_x86_64", arm64: "manylinux_2_27_aarch64" };
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

// Only the two libraries and the headers of the C interface: 0.9 GB of the wheel's 1.3.
const UNPACK = `
import sys, zipfile
wheel, target = sys.argv[1:]
wanted = ("tensorflow/include/tensorflow/", "tensorflow/include/xla/tsl/", "tensorflow/include/tsl/")
with zipfile.ZipFile(wheel) as z:
    for name in z.namelist():
        library = name.startswith("tensorflow/lib") and name.count("/") == 1 and ".so" in name
        if library or (name.startswith(wanted) and name.endswith(".h")):
            z.extract(name, target)
`;

/** Fetches TensorFlow's libraries as a wheel, compiles the addon against them and links both into the package. */
export async function buildFromWheel(folder, say) {
  if (process.platform !== "linux" || TAGS[process.arch] === undefined) {
    throw new Error(
      `cannot build for ${process.platform}-${process.arch}: the wheel exists for linux-x64 and linux-arm64 only; use the tfjs-wasm or onnxruntime engine`,
    );
  }
  const unpacked = await libraries(say);
  const target = path.join(folder, "deps", "lib");
  await mkdir(target, { recursive: true });
  for (const library of LIBRARIES) {
    const fresh = path.join(target, `.${library}.${process.pid}`);
    await symlink(path.join(unpacked, library), fresh);
    await rename(fresh, path.join(target, library));
  }
  await compile(folder, path.join(unpacked, "include"), LIBRARIES, say);
}

/** The folder with libraries and headers, outside the repository so that it outlives node_modules. */
async function libraries(say) {
  const cache =
    process.env.GRAFT_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "graft");
  const home = path.resolve(cache, "native", `tensorflow-cpu-${VERSION}`);
  if (existsSync(path.join(home, "tensorflow"))) return path.join(home, "tensorflow");

  const python = await findPython();
  await mkdir(path.dirname(home), { recursive: true });
  const work = await mkdtemp(`${home}.partial-`);
  try {
    say(`fetching tensorflow-cpu ${VERSION} (about 260 MB)`);
    const tag = TAGS[process.arch];
    await step("pip could not fetch the wheel", python, [
      ...["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", work],
      // Named in full, so that any Python 3 can fetch it: nothing of it is run by Python.
      ...["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311", "--platform", tag],
      `tensorflow-cpu==${VERSION}`,
    ]);
    const wheel = (await readdir(work)).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new Error("pip fetched no wheel");
    say("unpacking");
    await step("could not unpack the wheel", python, ["-c", UNPACK, path.join(work, wheel), work]);
    await rm(path.join(work, wheel));
    await rename(work, home).catch((error) => {
      // Another run was faster; its folder is as good.
      if (!existsSync(path.join(home, "tensorflow"))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path.join(home, "tensorflow");
}

async function findPython() {
  for (const name of ["python3", "python"]) {
    const run = await execute(name, ["-m", "pip", "--version"], { seconds: 60 });
    if (run.code === 0 && /python 3/.test(run.stdout)) return name;
  }
  throw new Error("building needs python3 with pip, which fetches TensorFlow's libraries; install both and try again");
}

async function step(problem, program, args) {
  const run = await execute(program, args, { seconds: 1800 });
  if (run.code === 0) return;
  const lines = run.stderr.trim().split("\n");
  throw new Error(`${problem}: ${run.failure ?? lines.find((line) => line.startsWith("ERROR")) ?? lines.at(-1)}`);
}
