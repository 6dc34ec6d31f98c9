import { type Engine, GraftError } from "@graft-ml/core";
import { openEngine, probeEngines } from "@graft-ml/runtime";
import { subset } from "@graft-ml/trainers";
import { type FitTask, type TrainSettings, trainHead } from "./fit-head.ts";

/** Below this many steps, trying every engine would cost more than the faster one saves. */
const WORTH_TIMING = 50;
const TRIAL_STEPS = 3;

/** The engine that is asked for, or with `auto` the one that is fastest on the first steps of this very task. */
export async function chooseEngine(
  name: string,
  task: FitTask,
  settings: Omit<TrainSettings, "engine">,
): Promise<Engine> {
  if (name !== "auto") return openEngine(name);
  const steps = settings.epochs * Math.ceil(task.train.length / settings.batch);
  const reports = steps < WORTH_TIMING ? [] : await probeEngines();
  // tfjs-wasm is an order of magnitude behind wherever ONNX Runtime runs; it is only taken when asked for.
  const candidates = reports.filter((report) => report.available && report.name !== "tfjs-wasm");
  if (candidates.length < 2) return openEngine("onnxruntime");
  let best: { readonly engine: Engine; readonly milliseconds: number } | undefined;
  for (const { name: candidate } of candidates) {
    const engine = await openEngine(candidate);
    const milliseconds = await stepTime(engine, task, settings);
    task.control?.onEvent?.({
      type: "notice",
      message: `${candidate}: ${milliseconds.toFixed(0)} ms a step of ${settings.batch}`,
    });
    if (best === undefined || milliseconds < best.milliseconds) best = { engine, milliseconds };
  }
  return best!.engine;
}

/** Milliseconds of the fastest step after the first, which also warms up. */
async function stepTime(engine: Engine, task: FitTask, settings: Omit<TrainSettings, "engine">): Promise<number> {
  const marks: number[] = [];
  const count = Math.min(task.train.length, TRIAL_STEPS * settings.batch);
  const { validation: _, ...trial } = settings;
  const { signal } = task.control ?? {};
  const trialled = subset(
    task.train,
    Array.from({ length: count }, (_, i) => i),
  );
  const longest = trialled.paddings?.slice(-1);
  await trainHead(
    {
      ...task,
      // Preparing the graph of another padding is no part of a step.
      train: longest === undefined ? trialled : { ...trialled, paddings: longest },
      control: {
        onEvent: (event) => void (event.type === "progress" && marks.push(performance.now())),
        ...(signal && { signal }),
      },
    },
    { ...trial, engine, epochs: 1, patience: 1 },
  );
  if (marks.length < 2)
    throw new GraftError("bug", "graft/choose-engine", `expected at least 2 timed steps; received ${marks.length}`);
  // Whatever else the machine does only adds to a step.
  return Math.min(...marks.slice(1).map((mark, i) => mark - marks[i]!));
}
