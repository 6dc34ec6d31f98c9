#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/main.js", import.meta.url);
if (existsSync(entry)) {
  const { runProcess } = await import(entry.href);
  await runProcess();
} else {
  process.stderr.write("[cli] not built yet: run pnpm build\n");
  process.exitCode = 2;
}
