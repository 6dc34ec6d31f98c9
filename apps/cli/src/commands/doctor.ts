import type { Command } from "commander";
import type { Io } from "../io.ts";

/** `graft doctor`: what is here, what is missing, how to get it. */
export function addDoctor(program: Command, io: Io): void {
  program
    .command("doctor")
    .summary("engines here, what is missing, how to get it")
    .description("Looks at this machine: Node, cores, cache, and which training engines are here.")
    .option("--json", "print one JSON document")
    .action(async (flags: { json?: boolean }) => {
      const { examine } = await import("../actions/doctor.ts");
      await examine(flags, io);
    });
}
