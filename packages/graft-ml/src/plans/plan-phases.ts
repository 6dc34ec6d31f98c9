import {
  type Backbone,
  type FreezingPhase,
  type FreezingPlan,
  fail,
  type Head,
  type Preprocessing,
} from "@graft-ml/core";
import {
  type AdaptedBackbone,
  type AdapterBarrel,
  adapterParameters,
  attachAdapters,
  mergedInitializers,
} from "../adapters/attach-adapters.ts";
import { cutForPhase, type PhaseCut } from "../variables.ts";
import { refuseStale } from "./refuse-stale.ts";

/** One phase of a plan, settled for a backbone. */
export interface PlannedPhase {
  readonly cut: PhaseCut;
  readonly normalization: FreezingPhase["normalization"];
  readonly epochs: number;
  /** Peak learning rate. */
  readonly rate: number;
  /** Whether the head is solved instead of trained. */
  readonly solved: boolean;
}

/** A plan, settled for a backbone. */
export interface PlannedPhases<P extends Preprocessing = Preprocessing> {
  readonly adapted: AdaptedBackbone<P>;
  readonly phases: readonly PlannedPhase[];
  /** Place of the trained phase that reaches lowest; of several, of the one that trains most. */
  readonly deepest: number;
}

/** What is asked for besides the plan. */
export interface PhaseSettings {
  readonly head: Head;
  readonly seed: number;
  /** Epochs of all phases together. */
  readonly epochs?: number;
  readonly rate?: number;
  /** A training engine that is asked for by name trains even a head that could be solved. */
  readonly engine?: string;
  /** Something is asked for that needs training steps, in place of a solver. */
  readonly steps?: boolean;
  /** Where adapters are found by name. Default: those of `@graft-ml/freezing`. */
  readonly adapters?: AdapterBarrel;
}

const WHERE = "graft/plan";
const HEAD_EPOCHS = 20;
const EPOCHS = 5;
/** Peak rate where only new or few parameters train, and where pretrained kernels do: more would undo what they know. */
const NEW_RATE = 1e-3;
const RATE = 1e-4;

/**
 * Settles a plan: attaches the adapters of all its phases, cuts the graph for each, and says how long and how fast each one trains.
 *
 * An affine head on frozen features is solved exactly where nothing else is asked for, or where the phase says so (`solve`). Where more
 * phases come after it, it is otherwise trained: a solved head has brought the training loss so low that there is little left for
 * layers to learn from. A phase without epochs gets what the asked epochs leave, or a default of its own.
 */
export function planPhases<P extends Preprocessing>(
  backbone: Backbone<P>,
  plan: FreezingPlan,
  settings: PhaseSettings,
): PlannedPhases<P> {
  const { head, engine, rate, steps = false } = settings;
  if (plan.phases.length === 0)
    throw fail(WHERE, `expected "${plan.strategy}" to plan at least one phase; received none`);
  const { length: phaseCount } = plan.phases;
  const adapted = attachAdapters(
    backbone,
    plan.phases.flatMap((phase) => phase.adapters ?? []),
    settings.seed,
    settings.adapters,
  );
  // What cannot be exported is refused before it is trained.
  mergedInitializers(adapted);
  const phases = plan.phases.map((phase, i): PlannedPhase => {
    const cut = cutForPhase(adapted.backbone, phase, adapterParameters(adapted, phase.adapters));
    refuseStale(adapted.backbone, cut, phase);
    const headOnly = Object.keys(cut.rates).length === 0;
    const alone = phaseCount === 1 && settings.epochs === undefined && engine === undefined;
    const few = phase.groups.length === 0 || (phase.roles !== undefined && !phase.roles.includes("kernel"));
    return {
      cut,
      normalization: phase.normalization,
      epochs: epochsOf(plan, i, headOnly, settings.epochs),
      rate: rate ?? plan.rate ?? (few ? NEW_RATE : RATE),
      solved: headOnly && (alone || phase.solve === true) && !steps && head.closedForm === "multinomial",
    };
  });
  return { adapted, phases, deepest: deepestOf(adapted.backbone, phases) };
}

/** Boundaries of a backbone from the input to the features. */
export function boundariesOf<P extends Preprocessing>({ card, groups }: Backbone<P>): string[] {
  const inner = groups.slice(0, -1).map(({ boundary }) => boundary);
  return [card.input, ...inner, card.features];
}

function epochsOf({ strategy, phases }: FreezingPlan, i: number, headOnly: boolean, asked: number | undefined): number {
  const own = phases[i]!.epochs;
  const last = i === phases.length - 1;
  if (own === undefined && !last) {
    throw fail(
      WHERE,
      `expected epochs in every phase but the last of "${strategy}"; phase ${i + 1} has none. Give it some`,
    );
  }
  if (own !== undefined && !(Number.isSafeInteger(own) && own >= 1)) {
    throw fail(WHERE, `expected epochs of phase ${i + 1} of "${strategy}" to be a positive integer; received ${own}`);
  }
  const before = phases.slice(0, i).reduce((sum, { epochs = 0 }) => sum + epochs, 0);
  const least = before + (own ?? 1);
  if (asked !== undefined && last && least > asked) {
    throw fail(WHERE, `the phases of "${strategy}" need at least ${least} epochs; received ${asked}. Give more epochs`);
  }
  return own ?? (asked === undefined ? (headOnly ? HEAD_EPOCHS : EPOCHS) : asked - before);
}

function deepestOf<P extends Preprocessing>(backbone: Backbone<P>, phases: readonly PlannedPhase[]): number {
  const order = boundariesOf(backbone);
  const size = ({ cut }: PlannedPhase): number => Object.keys(cut.rates).length;
  const trained = [...phases.entries()].filter(([, { solved }]) => !solved);
  const depths = trained.map(([i, phase]) => ({ i, phase, depth: order.indexOf(phase.cut.boundary) }));
  const [deepest] = depths.sort((a, b) => a.depth - b.depth || size(b.phase) - size(a.phase));
  return deepest?.i ?? 0;
}
