import {
  type Backbone,
  type FreezingPlan,
  fail,
  type Head,
  type Preprocessing,
  sizeOf,
  type TargetSpec,
  type Tensors,
} from "@graft-ml/core";
import { openEngine } from "@graft-ml/runtime";
import { type SampleSource, solvers, withTeacher } from "@graft-ml/trainers";
import { type AdapterBarrel, mergeAdapters } from "../adapters/attach-adapters.ts";
import type { PhaseReport } from "../checkpoints/checkpoint-file.ts";
import { hasCheckpoint, type Journal, openCheckpoints } from "../checkpoints/checkpoints.ts";
import { plannedIdentity, samplesIdentity } from "../checkpoints/run-identity.ts";
import { chooseEngine } from "../choose-engine.ts";
import type { Teaching } from "../distill.ts";
import { type FitTask, type Fitted, solveHead, trainHead } from "../fit-head.ts";
import { fittingBatch } from "../fitting-batch.ts";
import { holdOut } from "../hold-out.ts";
import { refuseVariation } from "../pictures/refuse-variation.ts";
import type { FrozenPass, Prepared, SampleSupply } from "../supply.ts";
import { trainSettings } from "../training-run.ts";
import type { TransferOptions } from "../transfer.ts";
import type { PhaseCut } from "../variables.ts";
import { thawedInitializers } from "./audit-freeze.ts";
import { type PlannedPhase, type PlannedPhases, planPhases } from "./plan-phases.ts";
import { type Recut, type RecutSupply, recutSupply } from "./recut-supply.ts";

/** What is fitted to what. */
export interface FitJob {
  /** Hash of the data and its split. */
  readonly fingerprint: string;
  readonly backbone: Backbone<Preprocessing>;
  readonly head: Head;
  readonly targets: TargetSpec;
  readonly seed: number;
  readonly plan: FreezingPlan;
  /** What a teacher says of the training samples. */
  readonly teaching?: Teaching;
  /** Where adapters are found by name. Default: those of `@graft-ml/freezing`. */
  readonly adapters?: AdapterBarrel;
}

/** A plan that was carried out. */
export interface FittedPlan<Sample> extends Omit<Fitted, "values"> {
  /** Samples where the last phase cut, which `headed` takes. */
  readonly prepared: Prepared<Sample>;
  /** The backbone as training left it, adapters merged where they can be. */
  readonly backbone: Backbone<Preprocessing>;
  /** The head's parameters. */
  readonly values: Tensors;
  /** Every initializer that training could change as it left it: those of backbone and head, and `adapter.*`. */
  readonly trained: Tensors;
  /** Frozen groups, groups that trained in some phase, and the initializers that could change with their highest rates. */
  readonly cut: PhaseCut;
  /** Names of the backbone's own initializers that could change, by training or by merging. */
  readonly thawed: ReadonlySet<string>;
  /** Most parameters that one phase trained, and all that any did, the head's included. */
  readonly parameters: { readonly most: number; readonly total: number };
  readonly phases: readonly PhaseReport[];
}

/** A plan that is settled but has no samples yet. */
export interface PlannedFit {
  /** Whether anything is trained step by step, so that there are checkpoints. */
  readonly iterated: boolean;
  fit<Sample>(supply: SampleSupply<Sample>): Promise<FittedPlan<Sample>>;
}

const WHERE = "graft/transfer";

/**
 * Settles how a plan is carried out, and refuses a checkpoint of another run before anything expensive. Phases run in order, each from the
 * best values of the one before; each has its own early stopping, a schedule of its own from start to end, and fresh optimizer slots.
 */
export async function planFit(options: TransferOptions, job: FitJob): Promise<PlannedFit> {
  const { checkpoint, resume = false, control, epochs, rate, engine } = options;
  const { backbone, head, targets, seed, plan, fingerprint } = job;
  const planned = planPhases(backbone, plan, {
    head,
    seed,
    ...(epochs !== undefined && { epochs }),
    ...(rate !== undefined && { rate }),
    ...(engine !== undefined && { engine }),
    steps: needsSteps(options, targets),
    ...(job.adapters && { adapters: job.adapters }),
  });
  const { adapted, phases, deepest } = planned;
  refuseVariation(options, backbone, phases);
  const iterated = phases.some(({ solved }) => !solved);
  if (!iterated) await refuseCheckpoint(options);
  else if (resume && checkpoint === undefined) {
    throw fail(WHERE, "expected checkpoint, the folder to go on from, together with resume; received none. Name it");
  }
  const subject = { backbone: adapted.backbone, cut: phases[deepest]!.cut, head, targets, seed };
  const settings = phases.map((phase) => trainSettings(options, phase));
  const teacher = job.teaching && { teacher: job.teaching.teacher };
  const solver = phases.some(({ solved }) => solved) && { solver: (options.solver ?? solvers.logistic()).name };
  const identity = { ...subject, fingerprint, plan, settings, augmentation: options, ...teacher, ...solver };
  const checkpoints =
    iterated && checkpoint !== undefined
      ? await openCheckpoints(checkpoint, plannedIdentity(identity), resume, control)
      : undefined;
  return {
    iterated,
    async fit(supply) {
      const lowest = phases[deepest]!.cut.boundary;
      const runner = await openEngine("onnxruntime");
      const recut = recutSupply(supply, adapted.backbone, { lowest, engine: runner, ...(control && { control }) });
      if (!iterated) return carryOut(options, job, planned, recut, {});
      const parts = divided(options, job, await recut.at(lowest));
      const task = { ...subject, train: parts.train, ...(control && { control }) };
      // Another engine or batch rounds otherwise: a run goes on as it began, whatever is fast or free today.
      const name = (engine === undefined || engine === "auto" ? checkpoints?.engine : undefined) ?? engine ?? "auto";
      const judge = await openEngine(name === "auto" ? "onnxruntime" : name);
      const heaviest = settings[deepest]!;
      const batch = checkpoints?.batch ?? fittingBatch(judge, task, heaviest);
      const held = parts.validation && { validation: parts.validation };
      const chosen = await chooseEngine(name, task, { ...heaviest, ...held, batch });
      const { length: train, paddings } = parts.train;
      const samples = { train, validation: parts.validation?.length ?? 0, ...(paddings && { paddings }) };
      const journal = checkpoints?.begin(samplesIdentity(samples, settings, batch, chosen));
      return carryOut(options, job, planned, recut, { engine: chosen, batch, ...(journal && { journal }) });
    },
  };
}

/** What the whole run shares. */
interface RunParts {
  /** Absent where nothing is iterated. */
  readonly engine?: Fitting["engine"];
  readonly batch?: number;
  readonly journal?: Journal;
}

type Fitting = Parameters<typeof trainHead>[1];

async function carryOut<Sample>(
  options: TransferOptions,
  job: FitJob,
  { adapted, phases }: PlannedPhases,
  recut: RecutSupply<Sample>,
  { engine, batch, journal }: RunParts,
): Promise<FittedPlan<Sample>> {
  const { control } = options;
  const { head, targets, seed } = job;
  const reports: PhaseReport[] = [...(journal?.finished.reports ?? [])];
  let values: Tensors = { ...journal?.finished.values };
  let last: { readonly fitted: Fitted; readonly prepared: Recut<Sample> } | undefined;
  let extracted: FrozenPass | undefined;
  for (const [i, phase] of [...phases.entries()].slice(reports.length)) {
    if (phases.length > 1) control?.onEvent?.({ type: "stage", stage: `phase ${i + 1} of ${phases.length}` });
    const prepared = await recut.at(phase.cut.boundary, values);
    const cut = { ...phase.cut, boundary: prepared.boundary };
    // What judges later phases is not to be seen by the first.
    const parts = phase.solved && phases.length === 1 ? { train: prepared.train } : divided(options, job, prepared);
    const task: FitTask = {
      backbone: adapted.backbone,
      cut,
      head,
      targets,
      train: parts.train,
      values,
      seed: phaseSeed(seed, i),
      ...(control && { control }),
    };
    const began = performance.now();
    let fitted: Fitted;
    if (phase.solved) {
      fitted = await solveHead(task, options.solver ?? solvers.logistic());
    } else {
      const held = parts.validation && { validation: parts.validation };
      const firstEpoch = reports.reduce((sum, { epochs }) => sum + epochs, 0);
      const settings = {
        ...trainSettings(options, phase),
        ...held,
        batch: batch!,
        engine: engine!,
        firstEpoch,
        // A later phase never ends below the one before, on samples that are held out.
        judgesStart: i > 0,
        // Later phases start from what the ones before made of it.
        ...(i > 0 && options.regularizers && { pretrained: Object.fromEntries(adapted.bare.graph.initializers) }),
      };
      fitted = await trainHead(task, settings, journal?.phase({ reports: [...reports], values }));
    }
    const train = (performance.now() - began) / 1000;
    values = { ...values, ...fitted.values };
    reports.push(reportOf(phase, fitted, { recut: prepared.seconds, train }));
    extracted = prepared.extracted ?? extracted;
    last = { fitted, prepared: { ...prepared, ...(extracted && { extracted }) } };
  }
  return assembled(adapted, phases, last!, values, reports);
}

/** What a run that went through all phases comes to. */
function assembled<Sample>(
  adapted: PlannedPhases["adapted"],
  phases: readonly PlannedPhase[],
  { fitted, prepared }: { readonly fitted: Fitted; readonly prepared: Recut<Sample> },
  trained: Tensors,
  reports: readonly PhaseReport[],
): FittedPlan<Sample> {
  const { parameters } = fitted.headed;
  const cut = union(adapted.bare, phases);
  const size = (names: readonly string[]): number => names.reduce((n, name) => n + sizeOf(trained[name]!.dims), 0);
  return {
    ...fitted,
    prepared,
    backbone: mergeAdapters(adapted, trained).backbone,
    values: Object.fromEntries(parameters.map((name) => [name, trained[name]!])),
    trained,
    cut,
    thawed: thawedInitializers(adapted, phases),
    parameters: {
      most: Math.max(...reports.map((report) => report.parameters)),
      total: size([...Object.keys(cut.rates), ...parameters]),
    },
    epochs: reports.reduce((sum, { epochs }) => sum + epochs, 0),
    loss: reports.flatMap(({ loss }) => loss),
    validation: reports.flatMap(({ validation }) => validation),
    phases: reports,
  };
}

function reportOf({ cut }: PlannedPhase, fitted: Fitted, seconds: PhaseReport["seconds"]): PhaseReport {
  const size = (names: readonly string[]): number =>
    names.reduce((n, name) => n + sizeOf(fitted.values[name]!.dims), 0);
  const head = size(fitted.headed.parameters);
  return {
    boundary: cut.boundary,
    parameters: size(Object.keys(cut.rates)) + head,
    head,
    engine: fitted.engine,
    epochs: fitted.epochs,
    loss: fitted.loss,
    validation: fitted.validation,
    method: fitted.method,
    seconds,
  };
}

/** Everything that some phase trains. */
function union({ groups, card }: Backbone<Preprocessing>, phases: readonly PlannedPhase[]): PhaseCut {
  const rates: Record<string, number> = {};
  for (const { cut } of phases)
    for (const [name, rate] of Object.entries(cut.rates)) rates[name] = Math.max(rate, rates[name] ?? 0);
  const trained = groups.filter((group) => phases.some(({ cut }) => cut.trained.includes(group)));
  return {
    boundary: phases.at(-1)?.cut.boundary ?? card.features,
    frozen: groups.filter((group) => !trained.includes(group)),
    trained,
    rates,
  };
}

/** Whether something is asked for that a solver of heads cannot do: it has no batches and another loss. */
function needsSteps({ mixing, sampler, regularizers }: TransferOptions, { weights }: TargetSpec): boolean {
  return [mixing, sampler, regularizers, weights].some((each) => each !== undefined);
}

/** Training samples, and those that judge: the data's own, or some that are held out; none where nobody stops early. */
function divided<Sample>(
  { patience = 5 }: TransferOptions,
  { seed, teaching }: FitJob,
  { train, validation }: Prepared<Sample>,
): { readonly train: SampleSource<number>; readonly validation?: SampleSource<number> } {
  // Nobody asks the teacher about samples that judge.
  const taught = teaching === undefined ? train : withTeacher(train, teaching.values);
  if (patience === 0) return { train: taught };
  if (validation !== undefined) return { train: taught, validation };
  return { train: holdOut(taught, seed).train, validation: holdOut(train, seed).validation };
}

/** Every phase draws its own batches. The head's first values come from the first phase's seed. */
function phaseSeed(seed: number, phase: number): number {
  return phase === 0 ? seed : seed + 1_000_003 * phase;
}

/** A head that is solved has nothing to go on from: asking for it means that these are not the settings of the stopped run. */
async function refuseCheckpoint({ checkpoint, resume }: TransferOptions): Promise<void> {
  if (!resume || checkpoint === undefined || !(await hasCheckpoint(checkpoint))) return;
  throw fail(
    WHERE,
    `the checkpoint in ${checkpoint} is of a run that trains; this one solves its head. Give the settings of that run, or leave --resume out`,
  );
}
