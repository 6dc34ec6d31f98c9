import { availableParallelism, totalmem } from "node:os";
import { cacheFolder } from "@graft-ml/data";
import { type EngineReport, probeEngines } from "@graft-ml/runtime";

/** What Graft finds on this machine. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly cacheFolder: string;
  readonly engines: readonly EngineReport[];
}

/** Looks at the machine and its engines; what is missing comes with how to get it. */
export async function doctor(): Promise<Diagnosis> {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    cacheFolder: cacheFolder(),
    engines: await probeEngines(),
  };
}
