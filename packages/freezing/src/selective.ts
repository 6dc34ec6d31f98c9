import {
  type FreezingPhase,
  type FreezingPlan,
  type FreezingStrategy,
  fail,
  type GroupMeasure,
  numberOption,
  onlyOptions,
  type PlainOptions,
  type PlanContext,
} from "@graft-ml/core";
import { normalizationOption } from "./upper-groups.ts";

const WHERE = "freezing/selective";
/** Epochs of training for which nobody asks for a number. */
const EPOCHS = 5;
/** Share of the time for every layer: less than half of it, for loading and testing take as long whatever trains. */
const SHARE = 0.35;
/** Share of the pull within the time budget that is enough: the rest would cost more than it moves. */
const ENOUGH = 0.8;
/** How much better than the features a probe below them has to be before the groups between count as unfit for the task. */
const MARGIN = 0.02;
/** Groups that are pulled at less than this share of the strongest stay frozen. */
const WEAKEST = 0.1;

/** The last groups that may thaw, and what that would take. */
interface Candidate {
  readonly first: number;
  readonly seconds: number;
  readonly fits: boolean;
}

/**
 * Chooses what trains by measuring. Of the boundaries whose pass and epochs fit the time budget it takes the highest above which four
 * fifths of the pull of all those groups is found, pull being ‖gradient‖ / ‖weights‖ with a fitted head; lower, where a linear probe
 * below the features is better than on them. Groups then train at rates in proportion to their pull (Auto-RGN of surgical
 * fine-tuning, Lee et al., ICLR 2023), from a head that is solved where it can be. All stay frozen where there are fewer than two
 * samples a feature: a linear head then fits any labels (Cover 1965), and leaves layers nothing to learn from but noise. `budget`:
 * seconds for measuring and training; default: `share` (0.35) of what fine-tuning every layer for all asked epochs would take. `least`
 * (2): samples a feature. The plan's `reasons` are the table of what was measured.
 */
export function selective(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["budget", "share", "least", "normalization"]);
  const asked = numberOption(WHERE, options, "budget", 0, { min: 0 });
  const share = numberOption(WHERE, options, "share", SHARE, { min: 0.01, max: 1 });
  const least = numberOption(WHERE, options, "least", 2, { min: 0 });
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "selective",
    summary: "measure the layer groups, and train those that a time budget allows and the task pulls at",
    needs: ["measures"],
    plan(groups, context) {
      const measures = measuresOf(
        groups.map(({ name }) => name),
        context,
      );
      const everything = measures[0]!.seconds.epoch * (context.epochs ?? EPOCHS);
      const budget = (asked || (context.budgetSeconds ?? everything * share)) - (context.spentSeconds ?? 0);
      const candidates = candidatesOf(measures, context.epochs, budget);
      const { samples = Number.POSITIVE_INFINITY, features = 1 } = context;
      const first = samples < least * features ? measures.length : chosen(measures, candidates);
      const thawed = ratesOf(measures, first);
      return {
        strategy: "selective",
        phases: phasesOf(thawed, normalization, context.epochs),
        reasons: reasonsOf(measures, candidates, thawed),
      };
    },
  };
}

/** One of the asked epochs is the head's, which is solved on the features and so takes a pass through all groups; a single one trains. */
function candidatesOf(
  measures: readonly GroupMeasure[],
  asked: number | undefined,
  budget: number,
): readonly Candidate[] {
  const epochs = asked === undefined ? EPOCHS : Math.max(1, asked - 1);
  const top = measures.at(-1)!.seconds;
  const below = 1 - top.epoch / measures[0]!.seconds.epoch;
  // The time of a pass through the groups below the last, by their share of the work; of a single group nothing is known.
  const wholePass = asked === 1 || !(below > 0) ? 0 : top.pass / below;
  return measures.map(({ seconds }, first) => {
    const total = Math.max(seconds.pass, wholePass) + epochs * seconds.epoch;
    return { first, seconds: total, fits: total <= budget };
  });
}

function measuresOf(names: readonly string[], { measures }: PlanContext): readonly GroupMeasure[] {
  if (measures === undefined) {
    throw fail(
      WHERE,
      "expected measures of the layer groups, which are made on samples; received none. Fit data with it, or choose another strategy",
    );
  }
  const found = measures.map(({ name }) => name);
  if (found.join("\n") !== names.join("\n")) {
    throw fail(
      WHERE,
      `expected measures of ${names.join(", ")}, in this order; received ${found.join(", ") || "none"}`,
    );
  }
  return measures;
}

/** Place of the lowest group that thaws; the number of groups where none fits the budget. */
function chosen(measures: readonly GroupMeasure[], candidates: readonly Candidate[]): number {
  const deepest = candidates.findIndex(({ fits }) => fits);
  if (deepest < 0) return measures.length;
  const pull = (from: number): number => measures.slice(from).reduce((sum, { gradient }) => sum + gradient, 0);
  let first = measures.length - 1;
  while (first > deepest && pull(first) < ENOUGH * pull(deepest)) first--;
  const peak = measures.reduce((best, { probe }, i) => (probe > measures[best]!.probe ? i : best), 0);
  const unfit = measures[peak]!.probe > measures.at(-1)!.probe + MARGIN ? peak + 1 : measures.length;
  return Math.max(deepest, Math.min(first, unfit));
}

function ratesOf(measures: readonly GroupMeasure[], first: number): FreezingPhase["groups"] {
  const upper = measures.slice(first);
  const strongest = upper.reduce((most, { gradient }) => Math.max(most, gradient), 0);
  return upper
    .map(({ name, gradient }) => ({ name, rate: strongest === 0 ? 1 : rounded(gradient / strongest) }))
    .filter(({ rate }) => rate >= WEAKEST);
}

/** The head, solved where it can be, and then the groups with it. */
function phasesOf(
  groups: FreezingPhase["groups"],
  normalization: FreezingPhase["normalization"],
  epochs: number | undefined,
): readonly FreezingPhase[] {
  const head: FreezingPhase = { groups: [], normalization: "frozen", solve: true };
  if (groups.length === 0) return [head];
  return [...(epochs === 1 ? [] : [{ ...head, epochs: 1 }]), { groups, normalization }];
}

function reasonsOf(
  measures: readonly GroupMeasure[],
  candidates: readonly Candidate[],
  thawed: FreezingPhase["groups"],
): NonNullable<FreezingPlan["reasons"]> {
  return measures.map(({ name, probe, gradient }, i) => ({
    group: name,
    probe: rounded(probe),
    pull: rounded(gradient),
    "seconds from here": rounded(candidates[i]!.seconds),
    "fits the budget": candidates[i]!.fits,
    rate: thawed.find((group) => group.name === name)?.rate ?? 0,
  }));
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
