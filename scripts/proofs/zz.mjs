import { join } from "node:path"; import { mkdtempSync, rmSync } from "node:fs"; import { tmpdir } from "node:os";
import { imageFolder } from "../../packages/data/dist/index.js";
import { full, last, linear, optimizers, transfer } from "../../packages/graft-ml/dist/index.js";
const ds = await imageFolder("/work/shared/data/flowers", { seed: 7 });
const some = (split, count) => { const c = ds.classes.map((_, k) => ds.samples.filter((s) => s.split === split && s.label === k)); const l = Math.max(...c.map((x) => x.length)); return Array.from({ length: l }, (_, i) => c.flatMap((x) => x.slice(i, i + 1))).flat().slice(0, count); };
const samples = [...some("train", 320), ...some("validation", 5), ...some("test", 32)];
console.log([...new Set(ds.samples.map(s=>s.split))]);
const scratch = mkdtempSync(join(tmpdir(), "zz-"));
const go = async (engine, o) => (await transfer({ data: { ...ds, samples }, cache: scratch, seed: 7, batch: 16, epochs: 1, patience: 0, head: linear(), ...o, engine })).summary.train.method.steps;
const cmp = (a, b) => b.map((x, i) => Math.abs(x / a[i] - 1)).map((x) => x.toExponential(0)).join(" ");
for (const [n, f] of [["last", last()], ["full", full()]]) for (const [k, o] of [["adamw 1e-3", { rate: 1e-3 }], ["adamw 1e-4", { rate: 1e-4 }], ["adamw 2e-5", { rate: 2e-5 }], ["sgd .9 3e-3", { optimizer: optimizers.sgd({ momentum: 0.9 }), rate: 3e-3 }]]) {
  if (n === "full" && k !== process.argv[2] && process.argv[2]) continue;
  const a = await go("onnxruntime", { freezing: f, ...o });
  const b = await go("onnxruntime", { freezing: f, ...o, rate: o.rate * (1 + 1e-6) });
  const c = await go("tfjs-node", { freezing: f, ...o });
  console.log(n, k, "losses", a.map((x) => x.toFixed(3)).join(" "), "\n  control", cmp(a, b), "\n  tfjs-node", cmp(a, c));
}
rmSync(scratch, { recursive: true });
