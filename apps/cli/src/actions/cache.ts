import { cacheReport, pruneCache } from "@graft-ml/data";
import { byteSize, count, plural } from "../format.ts";
import type { Io } from "../io.ts";
import { facts, table } from "../tables.ts";

/** Prints the spaces of the feature cache. */
export async function showCache(flags: { json?: boolean }, io: Io): Promise<void> {
  const report = await cacheReport();
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  if (report.spaces.length > 0) {
    const rows = report.spaces.map(({ boundary, weights, samples, bytes, lastUsed }) => [
      boundary,
      weights.slice(0, 12),
      count(samples),
      byteSize(bytes),
      lastUsed.slice(0, 16).replace("T", " "),
    ]);
    io.stdout.write(`${table(io, ["features at", "weights", "samples", "size", "last used"], rows)}\n`);
  }
  io.stdout.write(
    facts(io, [
      ["folder", report.directory],
      ["size", byteSize(report.bytes)],
    ]),
  );
}

/** Removes features and says how much room that made. */
export async function prune(flags: { olderThan?: number; all?: boolean; json?: boolean }, io: Io): Promise<void> {
  const { removed, bytes } = await pruneCache({
    ...(flags.all !== undefined && { all: flags.all }),
    ...(flags.olderThan !== undefined && { olderThanDays: flags.olderThan }),
  });
  if (flags.json) io.stdout.write(`${JSON.stringify({ removed, bytes })}\n`);
  else io.stdout.write(`removed ${plural(removed.length, "space")}, ${byteSize(bytes)}\n`);
}
