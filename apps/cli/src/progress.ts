import type { RunControl, RunEvent } from "@graft-ml/core";
import { SingleBar } from "cli-progress";
import { printable } from "./format.ts";
import type { Io } from "./io.ts";

/** Shows how a run goes on stderr: bars on a terminal, plain notices elsewhere, nothing when quiet. */
export interface Watch {
  readonly control: RunControl;
  /** Takes the bar away; calling it twice is harmless. */
  stop(): void;
}

const STAGE_TITLES: Readonly<Record<string, string>> = {
  scan: "reading the data",
  tokenize: "cutting texts into tokens",
  features: "frozen layers",
  recut: "layers up to the next boundary",
  train: "training",
  solve: "solving the head",
  "cross-validation": "choosing the penalty",
};

/** Starts to watch a run. */
export function watch(io: Io, quiet: boolean = false): Watch {
  const { signal } = io;
  if (quiet) return { control: { signal }, stop() {} };
  if (!io.stderr.isTTY) return { control: { signal, onEvent: (event) => tellNotice(io, event) }, stop() {} };

  let bar: SingleBar | undefined;
  let stage = "";
  let waiting = false;
  const stop = (): void => {
    bar?.stop();
    if (waiting) io.stderr.write("\r\u001b[K");
    waiting = false;
    bar = undefined;
    stage = "";
  };
  const onEvent = (event: RunEvent): void => {
    if (event.type === "notice") {
      stop();
      tellNotice(io, event);
    } else if (event.type === "progress") {
      // Decoding feeds the frozen layers, which tell of themselves; two bars in turn would only flicker.
      if (event.stage === "decode") return;
      if (event.stage !== stage) {
        stop();
        stage = event.stage;
        bar = startBar(io, event.stage, event.total);
      }
      bar?.setTotal(event.total);
      bar?.update(event.done);
    } else if (event.type === "stage") {
      stop();
      // Its length is not known: a line that goes away.
      waiting = event.total === undefined;
      if (waiting) io.stderr.write(`${STAGE_TITLES[event.stage] ?? event.stage} ...`);
    } else if (event.type === "epoch") {
      const held = event.validation === undefined ? "" : `, held out ${event.validation.toFixed(3)}`;
      bar?.update({ note: `epoch ${event.epoch}/${event.epochs}, loss ${event.loss.toFixed(3)}${held}` });
    }
  };
  return { control: { signal, onEvent }, stop };
}

function startBar(io: Io, stage: string, total: number): SingleBar {
  const bar = new SingleBar({
    stream: io.stderr as NodeJS.WriteStream,
    format: `{stage} [{bar}] {value}/{total}  {eta_formatted}  {note}`,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false, // signals are the process's business
  });
  bar.start(total, 0, { stage: STAGE_TITLES[stage] ?? stage, note: "" });
  return bar;
}

function tellNotice(io: Io, event: RunEvent): void {
  if (event.type === "notice") io.stderr.write(`${printable(event.message)}\n`);
}
