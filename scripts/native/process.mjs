import { spawn } from "node:child_process";

/** Runs a program to its end or to its time limit, then ends it with everything it started. */
export function execute(program, args, { cwd, env = process.env, seconds }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let failure;
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => {
      failure = `took longer than ${seconds} s`;
      stop();
    }, seconds * 1000);
    // The group is detached, so that ending this script must be passed on.
    const interrupted = () => {
      stop();
      process.exit(130);
    };
    process.once("SIGINT", interrupted);
    const done = (code, problem) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted);
      resolve({ code, stdout, stderr, failure: failure ?? problem });
    };
    child.on("error", (error) => done(-1, error.code === "ENOENT" ? `${program} not found` : error.message));
    child.on("close", (code) => done(code ?? -1));
  });
}
