// What each millisecond of a training step is: `node scripts/profile-step.mjs [--write]`. Wants built packages and a quiet machine.
// ONNX Runtime's own profile of one step of 16 pictures, the fastest of many runs of each node, gathered by the part of the work it does.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fillSection, machine, median, table } from "./bench/timing.mjs";
import { root } from "./bootstrap.mjs";
import { stepOf } from "./training-steps.mjs";

const BATCH = 16;
/** Weights of a kernel of the stem, whose windows are laid out as so many channels. */
const STEM = 27;
const RUNS = 25;
const WARM = 5;
const load = (name) => import(join(root, "packages", name, "dist", "index.js"));
const require = createRequire(join(root, "packages", "graft-ml", "package.json"));
const ort = require("onnxruntime-node");
const { seededRandom } = await load("core");
const { dropDead, writeModel } = await load("graph");
const { blockSize, lowerPrimitives } = await load("runtime");

async function profile(graph) {
  const folder = mkdtempSync(join(tmpdir(), "graft-profile-"));
  try {
    const session = await ort.InferenceSession.create(writeModel(graph), {
      enableProfiling: true,
      profileFilePrefix: join(folder, "step"),
      enableMemPattern: false,
      logSeverityLevel: 3,
    });
    const feeds = {};
    for (const { name, type, shape } of session.inputMetadata) {
      const size = shape.reduce((a, b) => a * b, 1);
      const random = seededRandom(size);
      const values =
        type === "int64"
          ? new BigInt64Array(size)
          : Float32Array.from({ length: size }, () =>
              name === "sample_weight" ? 1 : 0.02 * Math.abs(random.normal()),
            );
      feeds[name] = new ort.Tensor(type, values, shape);
    }
    const whole = [];
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now();
      await session.run(feeds);
      if (i >= WARM) whole.push(performance.now() - start);
    }
    session.endProfiling();
    await session.release();
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), "utf8"));
    return { events, whole };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const shapesOf = (event) => (event.args.input_type_shape ?? []).map((entry) => Object.values(entry)[0]);

/** The part of a step that a node belongs to. */
function partOf(event, forward) {
  const { op_name: op } = event.args;
  const node = event.name.replace(/_kernel_time$/, "");
  const [a = [], b = []] = shapesOf(event);
  if (op.includes("Conv")) {
    const depthwise = b[1] === 1 && b[0] > 1;
    if (depthwise && a[0] === 1) return "depthwise, gradient by the kernel";
    if (depthwise) return forward.has(node) ? "depthwise, forward" : "depthwise, forward or gradient by the input";
    if (b[2] > 1) return forward.has(node) ? "3×3 stem, forward" : "3×3 stem, gradient by the kernel";
    return forward.has(node) ? "1×1, forward (with bias and relu6)" : "1×1, gradient by the input";
  }
  if (op.includes("MatMul") && b.at(-2) === STEM) return "3×3 stem, gradient by the kernel";
  if (op.includes("MatMul") || op === "Gemm") return "1×1, gradient by the kernel";
  if (op.startsWith("Reorder")) return "into the blocked layout and back";
  if (["Less", "Greater", "And", "Cast"].includes(op)) return "relu6, gradient";
  if (op === "Mul" && a[0] === BATCH && b[0] === BATCH && a.length === 4) return "relu6, gradient";
  if (op === "Transpose") return "transposes";
  if (op.startsWith("Reduce")) return "sums (bias gradients, pooling, loss)";
  if (op === "Clip" || (op === "Add" && a[0] === BATCH && a.length === 4)) return "relu6 and residual sums, forward";
  if (["Mul", "Add", "Sub", "Div", "Sqrt"].includes(op)) return "AdamW and folded batch norm";
  return "rest";
}

/** Multiply-adds of a matrix product or dense convolution, times two. */
function flopsOf(event) {
  const [a = [], b = []] = shapesOf(event);
  const { op_name: op } = event.args;
  if (op.includes("Conv") && b.length === 4 && b[1] > 1)
    return 2 * a[0] * b.reduce((x, y) => x * y, 1) * (outputSize(event) / b[0] / a[0]);
  if (op === "MatMul" || op === "FusedMatMul") {
    const product = (dims) => dims.reduce((x, y) => x * y, 1);
    // M·K · K·N / K, from the sizes alone: sqrt(M·K · K·N · M·N) is M·K·N; with a batch it is that of one matrix, times the batch.
    const batch = a.length > 2 ? a[0] : 1;
    return 2 * batch * Math.sqrt((product(a) / batch) * (product(b) / batch) * (outputSize(event) / batch));
  }
  return 0;
}
const outputSize = (event) =>
  Object.values((event.args.output_type_shape ?? [{ none: [] }])[0])[0].reduce((x, y) => x * y, 1);

const sections = [];
for (const mode of ["last", "full"]) {
  const { step, forward } = await stepOf(mode, BATCH);
  const lowered = dropDead(lowerPrimitives(step.graph, { block: await blockSize(ort) }), { keepInputs: true });
  const { events, whole } = await profile(lowered);
  const nodes = new Map();
  for (const event of events) {
    if (event.cat !== "Node" || !event.name.endsWith("_kernel_time")) continue;
    const known = nodes.get(event.name);
    if (known === undefined || event.dur < known.dur) nodes.set(event.name, event);
  }
  const parts = new Map();
  for (const event of nodes.values()) {
    const part = partOf(event, forward);
    const entry = parts.get(part) ?? { ms: 0, count: 0, flops: 0 };
    entry.ms += event.dur / 1000;
    entry.count += 1;
    entry.flops += flopsOf(event);
    parts.set(part, entry);
  }
  const sum = [...parts.values()].reduce((total, { ms }) => total + ms, 0);
  const rows = [...parts]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .map(([part, { ms, count, flops }]) => [
      part,
      count,
      ms.toFixed(1),
      `${((100 * ms) / sum).toFixed(0)} %`,
      flops > 0 ? (flops / 1e6 / ms).toFixed(0) : "",
    ]);
  sections.push(
    [
      `**\`${mode}\`**: a step takes ${median(whole).toFixed(0)} ms (median of ${whole.length}, load ${loadavg()[0].toFixed(2)}); its ${nodes.size} nodes take ${sum.toFixed(0)} ms.`,
      "",
      table(["part", "nodes", "ms", "share", "GFLOP/s"], rows),
    ].join("\n"),
  );
}
const text = [`${machine()}; EfficientNet-Lite0, ONNX Runtime, batches of ${BATCH}.`, "", sections.join("\n\n")].join(
  "\n",
);
console.log(text);
if (process.argv.includes("--write")) fillSection(join(root, "docs", "performance.md"), "profile", text);
