// What the benchmarks share: commands timed from outside, medians, and tables that go into the documents.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Runs a command; its wall seconds, the JSON of its last line, and the load average after it. */
export function timed(command, args, env = {}) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stderr.slice(-2000)}`);
  return {
    seconds: (performance.now() - start) / 1000,
    json: JSON.parse(stdout.trim().split("\n").at(-1)),
    load: loadavg()[0],
  };
}

/** Where and when something was measured. */
export function machine() {
  const date = new Date().toISOString().slice(0, 10);
  return `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${date}`;
}

/** A Markdown table. */
export function table(header, rows) {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a document. */
export function fillSection(path, name, text) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const page = readFileSync(path, "utf8");
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${path} lacks the section ${open} … ${close}`);
  writeFileSync(path, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
}
