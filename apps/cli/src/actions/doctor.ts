import { doctor } from "graft-ml";
import { byteSize } from "../format.ts";
import type { Io } from "../io.ts";
import { facts, table } from "../tables.ts";

/** Prints what is here, what is missing and how to get it. */
export async function examine(flags: { json?: boolean }, io: Io): Promise<void> {
  const found = await doctor();
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(found)}\n`);
    return;
  }
  io.stdout.write(
    facts(io, [
      ["node", `${found.node} on ${found.platform}`],
      ["cores", String(found.cores)],
      ["memory", byteSize(found.memoryBytes)],
      ["cache", found.cacheFolder],
    ]),
  );
  const rows = found.engines.map(({ name, available, version, reason, mend }) => [
    name,
    available ? "ready" : "missing",
    available ? (version ?? "") : [reason, mend].filter(Boolean).join(". "),
  ]);
  io.stdout.write(`\n${table(io, ["engine", "", ""], rows)}`);
}
