// One measurement of text on one engine: node text-pass.mjs ENGINE STEPS WARM. Prints one line of JSON, sentences a second.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import * as setup from "./text-setup.mjs";

const { openEngine } = await import(join(root, "packages", "runtime", "dist", "index.js"));
const { stepFeed } = await import(join(root, "packages", "trainers", "dist", "index.js"));
const { backbone, BATCH, boundary, head, lastLayersStep, optimizer, prefix, sentences, targets, whole } = setup;
const [name, steps, warm] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const engine = await openEngine(name);

/** Sentences a second of `steps` runs after `warm` others. */
async function rate(run) {
  for (let i = 0; i < warm; i++) await run(i);
  const start = performance.now();
  for (let i = 0; i < steps; i++) await run(i);
  return (1000 * BATCH * steps) / (performance.now() - start);
}

const inputs = Array.from({ length: Math.max(steps, warm) }, (_, i) => sentences(`bench ${i}`));

async function forward(graph) {
  const program = await engine.prepare(graph);
  const results = [];
  const found = await rate(async (i) => {
    results[i] = (await program.run(inputs[i]))[graph.outputs[0].name];
  });
  await program.release();
  return { rate: found, results };
}

const features = (await forward(whole)).rate;
const first = await forward(prefix);
const step = lastLayersStep();
const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
const { mask } = backbone.card.preprocessing;
let done = 0;
let loss = 0;
const training = await rate(async (i) => {
  done += 1;
  const labels = Array.from({ length: BATCH }, (_, k) => k % 2);
  const feed = stepFeed(
    { head, targets, optimizer },
    { inputs: { [boundary]: first.results[i], [mask]: inputs[i][mask] }, targets: labels, rate: 1e-4, step: done },
  );
  const outputs = await program.run(feed, ["loss"]);
  loss = outputs.loss.data[0];
});
await program.release();
console.log(JSON.stringify({ features, boundary: first.rate, step: training, loss }));
process.exit(0);
