// Streams picture folders of growing size and compares the peak memory: many pictures must need no more than few.
// Pictures are copies of a given folder's with bytes appended, so that each has contents of its own. Wants built packages.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeBatches, imageFolder } from "../../packages/data/dist/index.js";
import { card } from "../../packages/weights-efficientnet-lite0/dist/index.js";
import { root } from "../bootstrap.mjs";
import { manyPictures } from "./many-pictures.mjs";

const SIZES = [1_000, 20_000];

if (process.argv[2] === "--measure") {
  const { samples } = await imageFolder(process.argv[3]);
  let pictures = 0;
  for await (const { indices } of decodeBatches(samples, card.preprocessing, { batch: 16 })) pictures += indices.length;
  console.log(JSON.stringify({ pictures, peak: process.resourceUsage().maxRSS * 1024 }));
} else {
  const data = process.argv[2] ?? join(root, "..", "shared", "data", "flowers");
  if (!existsSync(data)) {
    console.error(`expected a folder of pictures; ${data} does not exist`);
    process.exit(2);
  }
  const dataset = await imageFolder(data);
  const rows = [];
  for (const size of SIZES) {
    const folder = manyPictures(dataset, size);
    const script = fileURLToPath(import.meta.url);
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(process.execPath, [script, "--measure", folder], { encoding: "utf8" });
    rmSync(folder, { recursive: true, force: true });
    if (status !== 0) throw new Error(stderr);
    rows.push({ ...JSON.parse(stdout), seconds: (performance.now() - start) / 1000 });
    console.error(stdout.trim());
  }
  const growth = (rows.at(-1).peak - rows[0].peak) / (rows.at(-1).pictures - rows[0].pictures);
  const text = [
    "# Pictures are streamed",
    "",
    `Made by \`node scripts/proofs/memory.mjs\` (${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0].toFixed(2)}): a folder is scanned and every picture decoded, batch after batch.`,
    "",
    "| pictures | peak memory of the process | seconds |",
    "|---|---|---|",
    ...rows.map(
      ({ pictures, peak, seconds }) =>
        `| ${pictures.toLocaleString("en")} | ${(peak / 1e6).toFixed(0)} MB | ${seconds.toFixed(0)} |`,
    ),
    "",
    `That is ${growth.toFixed(0)} bytes a further picture: its path, label and hash. A decoded picture would be ${4 * 3 * card.preprocessing.size ** 2} bytes.`,
    "",
  ];
  writeFileSync(join(root, "docs", "proofs", "memory.md"), text.join("\n"));
  console.log(text.join("\n"));
}
