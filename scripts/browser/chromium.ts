import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
// Nothing but the page: no accelerator, no first-run questions, no calls home.
const FLAGS = [
  ..."--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(" "),
  ..."--disable-component-update --disable-sync --disable-dev-shm-usage --enable-logging=stderr".split(" "),
  // Over which nothing is said: it ends by itself when the other end is gone, however this process went.
  "--remote-debugging-pipe",
];
const KEPT_LINES = 20;

/** A Chromium that was started. */
export interface Browser {
  /** What it wrote last, the page's console included. */
  log(): string;
  /** Settles when it ends by itself. */
  readonly ended: Promise<void>;
  /** Ends it with all its processes and removes its profile. */
  close(): Promise<void>;
}

/** Path of a Chromium: `GRAFT_CHROMIUM`, or the first of the usual names on the PATH. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (env.GRAFT_CHROMIUM) return env.GRAFT_CHROMIUM;
  const folders = (env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** Opens a page in a Chromium of its own. */
export function openPage(executable: string, url: string): Browser {
  const profile = mkdtempSync(join(tmpdir(), "graft-chromium-"));
  const child = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`, url], {
    // A process group, so that one signal reaches renderers and helpers as well.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  const lines: string[] = [];
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    lines.push(...text.split("\n").filter((line) => line.trim() !== "" && !line.includes("dbus/")));
    lines.splice(0, lines.length - KEPT_LINES);
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      lines.push(error.message);
      resolve();
    });
  });
  return {
    log: () => lines.join("\n"),
    ended: exited,
    async close() {
      killGroup(child);
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It may have ended in between.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
