import pc from "picocolors";
import type { Io } from "./io.ts";
import { run } from "./run.ts";

/** Runs the command line of this process: the first Ctrl-C stops in good order, the second at once. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    process.stderr.write("\n[cli] stopping; Ctrl-C again to stop at once\n");
  });
  process.on("SIGTERM", () => stop.abort());
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough (`| head`) is no failure.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  // The native engine would greet on stderr otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "1";
  const io: Io = {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    env: process.env,
    cwd: process.cwd(),
    colors: pc.isColorSupported && (process.stdout.isTTY === true || process.env.FORCE_COLOR !== undefined),
  };
  process.exitCode = await run(process.argv.slice(2), io);
}
