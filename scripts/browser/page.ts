import type { Engine, Tensors } from "../../packages/core/src/index.ts";
import { watchEngines } from "../../packages/runtime/src/engine-watch.fixture.ts";
import type { Golden } from "../../packages/runtime/src/torch-golden.fixture.ts";
import { page } from "../../packages/runtime/src/wasm-files.ts";
import { engineNames, openEngine, probeEngines } from "../../packages/runtime/src/web.ts";
import { type EngineResults, type Job, type PageResults, toWire } from "./wire.ts";
import { forward, forwardCases, gradientCases, prefix, timed, trainings, trainOn } from "./work.ts";

// Runs in the browser: fetches its job, does it on every engine, and posts what it found.

const watch = await watchEngines();
const answer = await work().catch((error: Error) => ({ error: error.stack ?? error.message }));
await fetch("/results", { method: "POST", body: JSON.stringify(answer) });

async function work(): Promise<PageResults> {
  const job = (await (await fetch("/job.json")).json()) as Job;
  const options = job.wasmPaths === undefined ? {} : { wasmPaths: job.wasmPaths };
  const reports = await probeEngines(options);
  const engines: Record<string, EngineResults> = {};
  for (const { name, available } of reports)
    if (available) engines[name] = await onEngine(await openEngine(name, options), job);
  const refused = await openEngine("tfjs-node", options).then(
    () => "",
    (error: Error) => error.message,
  );
  return {
    isolated: page.crossOriginIsolated ?? false,
    worker: !("document" in globalThis),
    cores: page.navigator?.hardwareConcurrency ?? 1,
    threads: watch.threads(),
    engineNames,
    reports,
    refused,
    engines,
  };
}

async function onEngine(engine: Engine, { tasks, outputs }: Job): Promise<EngineResults> {
  const before = watch.held(engine.name);
  const cases: Record<string, EngineResults["cases"][string]> = {};
  const record = async (name: string, run: () => Promise<Tensors>): Promise<void> => {
    cases[name] = await run().then(
      (values) => ({ values: toWire(values) }),
      (error: Error) => ({ error: error.message }),
    );
  };
  let milliseconds: number | undefined;
  for (const task of tasks) {
    if (task === "operators") {
      for (const one of forwardCases)
        await record(`${task} ${one.name}`, () => forward(engine, one, outputs[one.name]!));
    }
    if (task === "gradients") {
      for (const file of ["torch-gradients.json", "torch-more-gradients.json"]) {
        const golden = (await (await fetch(`/golden/${file}`)).json()) as Golden;
        for (const [name, run] of Object.entries(gradientCases(golden)))
          await record(`${task} ${name}`, () => run(engine));
      }
    }
    if (task === "training") {
      for (const training of trainings)
        await record(`${task} ${training.name}`, async () => (await trainOn(engine, training)).values);
    }
    if (task === "prefix") {
      const model = new Uint8Array(await (await fetch("/model.onnx")).arrayBuffer());
      await record(task, () => prefix(engine, model));
    }
    if (task === "timing") {
      const times = (await trainOn(engine, timed)).milliseconds.slice(5).sort((a, b) => a - b);
      milliseconds = times[times.length >> 1]!;
    }
  }
  return { cases, leaked: watch.held(engine.name) - before, ...(milliseconds !== undefined && { milliseconds }) };
}
