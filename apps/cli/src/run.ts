import type { Io } from "./io.ts";
import { buildProgram } from "./program.ts";
import { reportError } from "./report-error.ts";

/** Runs one command line, without the program's name, and returns its exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const program = buildProgram(io);
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
    return 0;
  } catch (error) {
    const command = program.commands.find((known) => known.name() === argv[0]);
    return reportError(error, command ? `cli/${command.name()}` : "cli", io);
  }
}
