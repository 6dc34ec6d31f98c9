// Times Graft beside its peers in one run: `pnpm bench [batches] [frozen] [training] [text] [accuracy] [--repeat 3] [--seeds 5] [--python PATH] [--skip-peers] [--write]`.
// Peers are the scripts in ../shared/peers, run with a Python that has tensorflow-cpu, torch, pillow and the weights packages.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accuracy } from "./bench/accuracy.mjs";
import { batches } from "./bench/batches.mjs";
import { frozen } from "./bench/frozen.mjs";
import { text } from "./bench/text.mjs";
import { training } from "./bench/training.mjs";
import { root } from "./bootstrap.mjs";

const BENCHMARKS = { batches, frozen, training, text, accuracy };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeat: { type: "string", default: "3" },
    seeds: { type: "string", default: "5" },
    python: { type: "string", default: process.env.GRAFT_PYTHON ?? "python3" },
    "skip-peers": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const shared = join(root, "..", "shared");
const settings = {
  flowers: join(shared, "data", "flowers"),
  peers: join(shared, "peers"),
  repeat: Number(options.repeat),
  seeds: Number(options.seeds),
  python: options.python,
  skipPeers: options["skip-peers"],
  write: options.write,
};
if (!existsSync(settings.flowers)) {
  console.error(`the benchmark needs the flowers data set in ${settings.flowers}; it is not there`);
  process.exit(2);
}
for (const name of positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals) {
  if (BENCHMARKS[name] === undefined) {
    console.error(`expected ${Object.keys(BENCHMARKS).join(" or ")}; received ${name}`);
    process.exit(2);
  }
  await BENCHMARKS[name](settings);
}
