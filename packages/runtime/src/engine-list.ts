import { type Engine, fail, unknownName } from "@graft-ml/core";

/** What is known of an engine on this machine. */
export interface EngineReport {
  readonly name: string;
  readonly available: boolean;
  readonly version?: string;
  /** Why it is not available. */
  readonly reason?: string;
  /** How to get it. */
  readonly mend?: string;
}

/** How an engine is looked for and opened. */
export interface EngineEntry<Options> {
  readonly probe: (options: Options) => Promise<Omit<EngineReport, "name">>;
  readonly open: (options: Options) => Promise<Engine>;
}

/** Looks at every engine; a missing one is a report, never an error. */
export async function probeAll<Options>(
  engines: Readonly<Record<string, EngineEntry<Options>>>,
  options: Options,
): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const [name, { probe }] of Object.entries(engines)) reports.push({ name, ...(await probe(options)) });
  return reports;
}

/** Opens an engine by name; one that is not present is an error that says how to get it. */
export async function openOne<Options>(
  engines: Readonly<Record<string, EngineEntry<Options>>>,
  name: string,
  options: Options,
): Promise<Engine> {
  const entry = Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (entry === undefined) throw unknownName("runtime", "engine", name, Object.keys(engines));
  const report = await entry.probe(options);
  if (!report.available) {
    throw fail(
      "runtime",
      `the engine ${name} is not available: ${report.reason ?? "unknown reason"}.${report.mend ? ` ${report.mend}` : ""}`,
    );
  }
  return entry.open(options);
}
