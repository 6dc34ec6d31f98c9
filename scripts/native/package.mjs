import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execute } from "./process.mjs";

const RUNTIME = fileURLToPath(new URL("../../packages/runtime/", import.meta.url));

// A real product and a real convolution: an addon that loads against the wrong library fails here, not in training.
// `util.isNullOrUndefined` and `util.isArray` left Node 23; the package still calls them.
const PROBE = `
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require(process.argv[1]);
const product = tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync()[0];
const conv = tf.conv2d(tf.ones([1, 4, 4, 2]), tf.ones([3, 3, 2, 1]), 1, "valid").dataSync()[0];
if (product !== 3 || conv !== 18) throw new Error("wrong numbers: " + product + ", " + conv);
console.log("version=" + tf.backend().binding.TF_Version);
`;

/** The real folder of the installed package. */
export function locate() {
  const link = path.join(RUNTIME, "node_modules", "@tensorflow", "tfjs-node");
  if (!existsSync(path.join(link, "package.json"))) {
    throw new Error("@tensorflow/tfjs-node is not installed; run pnpm install (without --no-optional)");
  }
  return realpathSync(link);
}

/** Loads the addon in a child process, where a crash does no harm. */
export async function probe(folder) {
  const run = await execute(process.execPath, ["-e", PROBE, folder], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
    seconds: 120,
  });
  const version = /^version=(.*)$/m.exec(run.stdout)?.[1];
  if (run.code === 0 && version !== undefined) return { ok: true, version };
  const reason = /^(?:\w*Error): (.*)$/m.exec(run.stderr)?.[1] ?? run.failure ?? `exit code ${run.code}`;
  return { ok: false, reason: /can not be found/.test(reason) ? "not built" : reason };
}
