// Writes a model of more than 2 GB, which needs a second file, reads it again and hands it to ONNX's checker and ONNX Runtime.
// Writes docs/proofs/large-model.md. Wants built packages, 8 GB of memory, 3 GB of disk and GRAFT_PYTHON with tools/golden/requirements-oracle.txt.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machine } from "../bench/timing.mjs";
import { root } from "../bootstrap.mjs";

const load = (name) => import(join(root, "packages", name, "dist", "index.js"));
const { float32, seededRandom } = await load("core");
const { graphBuilder, initializerBytes, readModel, writeExternalModel } = await load("graph");
const { besideModel } = await load("graft-ml");

/** One table is larger than 2 GiB by itself, the others make up the rest. */
const ROWS = 140_000;
const WIDTH = 4096;
const PRODUCTS = 4;
const IDS = [0, 1, 77_777, ROWS - 1];
const python = process.env.GRAFT_PYTHON ?? "python3";

/** Rows of a table, and products of them. */
function largeModel() {
  const random = seededRandom("large");
  const g = graphBuilder();
  const matrix = (name, rows) => {
    const data = new Float32Array(rows * WIDTH);
    // A pattern, not noise: half a billion normal numbers would take longer than all the rest.
    const scale = 0.05 * (1 + random.uniform());
    for (let i = 0; i < data.length; i++) data[i] = scale * (((i * 48_271) % 7919) / 7919 - 0.5);
    return g.parameter(name, float32([rows, WIDTH], data));
  };
  let x = g.op("Gather", [matrix("table", ROWS), g.input("ids", "int64", [IDS.length])]);
  for (let i = 0; i < PRODUCTS; i++) x = g.op("Tanh", [g.op("MatMul", [x, matrix(`product.${i}`, WIDTH)])]);
  return g.finish([g.name(x, "y")]);
}

const scratch = mkdtempSync(join(tmpdir(), "graft-large-"));
try {
  const graph = largeModel();
  const file = join(scratch, "model.onnx");
  const weights = join(scratch, "weights.bin");
  const started = performance.now();
  const { model, chunks, size } = writeExternalModel(graph, { location: "weights.bin" });
  writeFileSync(file, model);
  writePieces(weights, chunks);
  const written = (performance.now() - started) / 1000;
  if (statSync(weights).size !== size) throw new Error(`expected ${size} bytes in the second file`);

  const again = readModel(readFileSync(file), { external: besideModel(file) });
  for (const [name, tensor] of graph.initializers) {
    const found = again.initializers.get(name);
    const same = Buffer.compare(bytesOf(tensor), bytesOf(found)) === 0 && String(tensor.dims) === String(found.dims);
    if (!same) throw new Error(`the tensor ${name} was read as another one`);
  }
  const plain = ({ nodes, inputs, outputs, opsets }) => JSON.stringify({ nodes, inputs, outputs, opsets });
  if (plain(graph) !== plain(again)) throw new Error("the graph was read as another one");

  const checker = join(root, "tools", "golden", "check_large_model.py");
  const { status, stdout, stderr } = spawnSync(python, [checker, file, IDS.join(",")], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  const oracle = JSON.parse(stdout.trim().split("\n").at(-1));
  const bytes = initializerBytes(graph);
  const text = [
    "# A model of more than 2 GB",
    "",
    `Made by \`node scripts/proofs/large-model.mjs\` (${machine()}): ${graph.initializers.size} tensors of ${(bytes / 1e9).toFixed(2)} GB, one of them ${((ROWS * WIDTH * 4) / 1e9).toFixed(2)} GB.`,
    "",
    `- Written in ${written.toFixed(1)} s: \`model.onnx\` of ${model.length} bytes, \`weights.bin\` of ${size.toLocaleString("en")} bytes.`,
    "- Read again, the graph is the same and every tensor equals the first bit by bit.",
    `- \`onnx.checker.check_model\` of onnx ${oracle.onnx} with full shape inference: passed.`,
    `- ONNX Runtime ${oracle.onnxruntime} runs the file; its result differs from NumPy's products of the same tensors by ${oracle.difference.toExponential(1)} at most, relative to the largest.`,
    "",
  ].join("\n");
  writeFileSync(join(root, "docs", "proofs", "large-model.md"), text);
  console.log(text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function writePieces(path, pieces) {
  const handle = openSync(path, "w");
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.byteLength; )
        at += writeSync(handle, piece, at, Math.min(piece.byteLength - at, 2 ** 30));
    }
  } finally {
    closeSync(handle);
  }
}

function bytesOf({ data }) {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
