// `npm test`: installs what it needs and runs every test; further arguments go to vitest.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, root } from "./bootstrap.mjs";

install();
const folder = mkdtempSync(join(tmpdir(), "graft-test-"));
const report = join(folder, "report.json");
// Tests get a cache of their own: they neither profit from the user's nor fill it.
const env = { ...process.env, GRAFT_CACHE: join(folder, "cache") };
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit", env },
);
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, "utf8"));
  console.log(`tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`);
} catch (error) {
  console.error(`the test runner left no report: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
