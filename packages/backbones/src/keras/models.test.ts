import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { float32, type Tensor } from "@graft-ml/core";
import { openEngine } from "@graft-ml/runtime";
import { afterAll, describe, expect, it } from "vitest";
import { kerasModel } from "./model.ts";

interface Written {
  readonly keras: string;
  readonly models: Readonly<Record<string, { readonly input: readonly number[]; readonly output: readonly number[] }>>;
}

const python = process.env.GRAFT_PYTHON ?? "python3";
const script = resolve(import.meta.dirname, "../../../../tools/golden/keras_models.py");
const demanded = process.env.GRAFT_REQUIRE_KERAS === "1";
/** A folder with MobileNet's weights as TensorFlow.js publishes them, alpha 0.25 and 224 pixels. */
const mobilenet = process.env.GRAFT_TFJS_MOBILENET;
const folder = mkdtempSync(join(tmpdir(), "graft-keras-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const probe = spawnSync(python, [
  "-c",
  "import importlib.util as u; exit(0 if u.find_spec('keras') and u.find_spec('tensorflow') else 3)",
]);

describe("networks of keras.applications with random weights equal Keras", () => {
  if (probe.status !== 0) {
    it.skipIf(!demanded)(`${python} lacks what tools/golden/requirements-keras.txt names`, () =>
      expect.fail(`${python} lacks Keras: install tools/golden/requirements-keras.txt, set GRAFT_PYTHON`),
    );
    return;
  }
  it("within 1e-4 of the largest output, from .keras and from .h5", { timeout: 300_000 }, async () => {
    const run = spawnSync(python, [script, folder, ...(mobilenet === undefined ? [] : [mobilenet])], {
      encoding: "utf8",
    });
    expect(run.status, run.stderr).toBe(0);
    const { models } = JSON.parse(readFileSync(join(folder, "models.json"), "utf8")) as Written;
    const names = ["vgg16", "resnet50", "inceptionv3", "mobilenetv2", "efficientnetb0"];
    expect(Object.keys(models)).toEqual(mobilenet === undefined ? names : [...names, "mobilenet"]);
    const engine = await openEngine("onnxruntime");
    for (const [name, { input, output }] of Object.entries(models)) {
      const x = raw(join(folder, `${name}.input.f32`), input);
      const expected = raw(join(folder, `${name}.output.f32`), output);
      for (const ending of name === "mobilenet" ? ["json"] : ["keras", "h5"]) {
        const topology = ending === "json" ? readFileSync(join(folder, "mobilenet.json"), "utf8") : undefined;
        const file = ending === "json" ? join(mobilenet!, "model.json") : join(folder, `${name}.${ending}`);
        const graph = await kerasModel(file, topology === undefined ? {} : { topology });
        const program = await engine.prepare(graph);
        const result = (await program.run({ [graph.inputs[0]!.name]: x }))[graph.outputs[0]!.name]!;
        await program.release();
        expect(result.dims, `${name}.${ending}`).toEqual(name === "mobilenet" ? output.slice(0, 2) : output);
        expect(error(result, expected), `${name}.${ending}`).toBeLessThan(1e-4);
      }
    }
  });
});

function raw(path: string, dims: readonly number[]): Tensor {
  return float32(dims, new Float32Array(new Uint8Array(readFileSync(path)).buffer));
}

/** The largest difference as a share of the largest expected value. */
function error(result: Tensor, expected: Tensor): number {
  const [a, b] = [result.data as Float32Array, expected.data as Float32Array];
  const largest = b.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0) / largest;
}
