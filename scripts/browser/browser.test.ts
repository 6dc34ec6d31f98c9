import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { type Engine, type Tensor, type Tensors, toNumbers } from "../../packages/core/src/index.ts";
import { openEngine } from "../../packages/runtime/src/index.ts";
import {
  declaredAs,
  operatorGraph,
  operatorInputs,
  worst,
} from "../../packages/runtime/src/tfjs/operator-inputs.fixture.ts";
import { difference, type Golden } from "../../packages/runtime/src/torch-golden.fixture.ts";
import { findChromium } from "./chromium.ts";
import { type Bundle, bundle, type Setting, visit } from "./site.ts";
import { fromWire, type Job, type PageResults } from "./wire.ts";
import { forward, forwardCases, prefix, trainings, trainOn } from "./work.ts";

// The engines of a browser, in a headless Chromium, against the same work in Node and against PyTorch's numbers.

const ENGINES = ["onnxruntime", "tfjs-wasm"];
const MINUTES = 60_000;
const chromium = findChromium();
const here = new URL("../../packages/", import.meta.url);
const goldens = await Promise.all(
  ["torch-gradients.json", "torch-more-gradients.json"].map(
    async (file): Promise<Golden> => JSON.parse(await readFile(new URL(`runtime/golden/${file}`, here), "utf8")),
  ),
);

let made: Bundle;
let node: Engine;
let outputs: Job["outputs"];
const open = (setting: Setting, job: Omit<Job, "outputs">): Promise<PageResults> =>
  visit(chromium!, made, { ...job, outputs }, setting);

if (chromium === undefined) {
  const demanded = process.env.GRAFT_REQUIRE_BROWSER === "1";
  const reason = "there is no Chromium on the PATH; install one or name it in GRAFT_CHROMIUM";
  it.skipIf(!demanded)(`engines in a browser: ${reason}`, () => expect.fail(reason));
}

describe.skipIf(chromium === undefined)("in a browser", () => {
  beforeAll(async () => {
    made = await bundle();
    node = await openEngine("onnxruntime");
    // ONNX Runtime wants outputs declared as they are: these engines agree on types and shapes, which other tests show.
    const loose = await openEngine("tfjs-wasm");
    const declared = forwardCases.map(async (one) => {
      const graph = operatorGraph(one);
      const program = await loose.prepare(graph);
      const results = await program.run(operatorInputs(one));
      await program.release();
      return [one.name, declaredAs(graph, results).outputs] as const;
    });
    outputs = Object.fromEntries(await Promise.all(declared));
  }, MINUTES);

  it("nothing of Node's is in the bundle", () => {
    const { inputs, outputs } = made.meta;
    const left = Object.values(outputs).flatMap((output) => output.imports.filter((each) => each.external));
    expect(left).toEqual([]);
    expect(
      Object.keys(inputs).filter((path) => /onnxruntime-node|tfjs-node|node-backend|background/.test(path)),
    ).toEqual([]);
    expect(Object.keys(inputs).filter((path) => path.endsWith("runtime/src/web.ts"))).toHaveLength(1);
  });

  describe("that is cross-origin isolated, WebAssembly files in a folder", () => {
    let results: PageResults;
    beforeAll(async () => {
      results = await open(
        { isolated: true, worker: false },
        {
          wasmPaths: "wasm",
          tasks: ["operators", "gradients", "training", "prefix", "timing"],
        },
      );
      sayTimes(results);
    }, 3 * MINUTES);
    const values = (engine: string, name: string): Tensors => valuesOf(results.engines, engine, name);

    it("both engines start, ONNX Runtime with a thread a core", () => {
      expect(results.engineNames).toEqual(ENGINES);
      expect(results.reports.map(({ name, available }) => (available ? name : ""))).toEqual(ENGINES);
      expect(results.isolated).toBe(true);
      expect(results.threads).toBe(results.cores);
    });

    it("an engine that a browser cannot have is unknown", () => {
      expect(results.refused).toContain('[runtime] unknown engine "tfjs-node"');
    });

    it.each(ENGINES)("%s computes operators as ONNX Runtime in Node does", async (engine) => {
      const checks = forwardCases.map((one) => ({
        name: one.name,
        tolerance: one.tolerance ?? 2e-5,
        off: async () => {
          const expected = await forward(node, one, outputs[one.name]!);
          return largest(values(engine, `operators ${one.name}`), expected, elementwise);
        },
      }));
      expect(checks.length).toBeGreaterThan(300);
      expect(await wrongOnes(checks)).toEqual([]);
    });

    it.each(ENGINES)("%s gives PyTorch's outputs and gradients", async (engine) => {
      const checks = goldens.flatMap((golden) =>
        [...golden.cases, ...(golden.live ?? [])].map((one) => ({
          name: one.name,
          tolerance: goldens[0]!.tolerance.relative,
          off: async () => {
            const { y, gradients } = one.expected;
            const updates = "updates" in one.expected ? one.expected.updates : {};
            return largest(values(engine, `gradients ${one.name}`), { y, ...gradients, ...updates }, difference);
          },
        })),
      );
      expect(checks.length).toBeGreaterThan(100);
      expect(await wrongOnes(checks)).toEqual([]);
    });

    it.each(ENGINES)("%s trains as ONNX Runtime in Node does", async (engine) => {
      for (const training of trainings) {
        const expected = (await trainOn(node, training)).values;
        const found = values(engine, `training ${training.name}`);
        expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
        expect(largest(found, expected, relative)).toBeLessThan(1e-4);
        expect(found.losses!.data.at(-1)).toBeLessThan(Number(found.losses!.data[0]) / 2);
      }
    });

    it.each(ENGINES)("%s gives the pretrained network's features", async (engine) => {
      const model = await readFile(new URL("weights-efficientnet-lite0/model.onnx", here));
      const expected = await prefix(node, model);
      expect(expected.features!.dims).toEqual([1, 1280]);
      expect(largest(values(engine, "prefix"), expected, relative)).toBeLessThan(1e-4);
    });

    it.each(ENGINES)("%s gives everything back", (engine) => {
      expect(results.engines[engine]!.leaked).toBe(0);
    });
  });

  it.each([
    ["a page that is not isolated, on one thread", { isolated: false, worker: false }, {}],
    ["a worker of an isolated page", { isolated: true, worker: true }, { wasmPaths: "/wasm" }],
  ] as const)(
    "the same training runs in %s",
    async (_, setting, paths) => {
      const results = await open(setting, { ...paths, tasks: ["training", "timing"] });
      sayTimes(results);
      expect(results).toMatchObject({ ...setting, threads: setting.isolated ? results.cores : 1 });
      expect(Object.keys(results.engines)).toEqual(ENGINES);
      for (const [engine, { leaked }] of Object.entries(results.engines)) {
        for (const training of trainings) {
          const expected = (await trainOn(node, training)).values;
          const found = valuesOf(results.engines, engine, `training ${training.name}`);
          expect(largest(found, expected, relative)).toBeLessThan(1e-4);
        }
        expect(leaked).toBe(0);
      }
    },
    2 * MINUTES,
  );

  it(
    "WebAssembly files that are not served are a report that says how to mend it",
    async () => {
      const { reports, engines } = await open(
        { isolated: true, worker: false },
        { wasmPaths: "nowhere/", tasks: ["training"] },
      );
      expect(engines).toEqual({});
      expect(reports).toEqual([
        {
          name: "onnxruntime",
          available: false,
          reason: expect.stringContaining("nowhere/ort-wasm-simd-threaded.mjs"),
          mend: expect.stringContaining("onnxruntime-web"),
        },
        {
          name: "tfjs-wasm",
          available: false,
          reason: "the WebAssembly backend did not start",
          mend: expect.stringContaining("wasmPaths"),
        },
      ]);
    },
    2 * MINUTES,
  );
});

/** For whoever reads the log: times are no test. */
function sayTimes({ threads, engines }: PageResults): void {
  const times = Object.entries(engines).map(([name, each]) => `${name} ${each.milliseconds?.toFixed(1)} ms`);
  console.info(`a convnet's training step in the browser, ${threads} thread(s): ${times.join(", ")}`);
}

/** A comparison: how far a case is off. */
interface Check {
  readonly name: string;
  readonly tolerance: number;
  off(): Promise<number>;
}

/** What the page found in a case; an error there is one here. */
function valuesOf(engines: PageResults["engines"], engine: string, name: string): Tensors {
  const found = engines[engine]!.cases[name]!;
  if ("error" in found) throw new Error(found.error);
  return fromWire(found.values);
}

/** The largest difference over all expected values. */
function largest<Expected>(
  found: Tensors,
  expected: Readonly<Record<string, Expected>>,
  differ: (mine: Tensor, theirs: Expected) => number,
): number {
  return Math.max(
    ...Object.entries(expected).map(([name, each]) => {
      if (found[name] === undefined) throw new Error(`no value "${name}"`);
      return differ(found[name], each);
    }),
  );
}

/** Cases that are further off than their tolerance, or failed, each with why. */
async function wrongOnes(cases: readonly Check[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, tolerance, off } of cases) {
    const found = await off().catch((error: Error) => error.message);
    if (typeof found === "string" || !(found < tolerance)) wrong.push(`${name}: ${found}`);
  }
  return wrong;
}

/** Difference as the operators' own tests measure it; infinite for another type or shape. */
function elementwise(mine: Tensor, theirs: Tensor): number {
  const alike = mine.dtype === theirs.dtype && String(mine.dims) === String(theirs.dims);
  return alike ? worst(toNumbers(mine), toNumbers(theirs)) : Number.POSITIVE_INFINITY;
}

/** Largest difference relative to the largest expected value. */
function relative(mine: Tensor, theirs: Tensor): number {
  return difference(mine, { dims: theirs.dims, every: 1, values: Array.from(toNumbers(theirs)) });
}
