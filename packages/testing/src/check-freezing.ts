import {
  type Factory,
  type FreezingPlan,
  type FreezingStrategy,
  type LayerGroup,
  type PlainOptions,
  type PlanContext,
  seededRandom,
} from "@graft-ml/core";
import { type Check, listChecks, type Skip } from "./check.ts";
import { holds, isName, isOneLine, isPlainJson, refuses, sameBits } from "./expectations.ts";
import { type AdapterBarrel, fitsEpochs, frozenGroups, isPlan } from "./freezing/plan-rules.ts";
import { syntheticGroups, syntheticMeasures, tinyBackbone } from "./freezing/tiny-backbone.ts";
import { adaptedBy, thawedBy, trainPhase } from "./freezing/train-phase.ts";
import { defaultEngine, type OpenEngine } from "./run-once.ts";

/** How a freezing strategy is checked. */
export interface FreezingCheckOptions {
  /** The name that the strategy must have; a plugin's is its file's. */
  readonly name?: string;
  /** Options for all checks but those of options. Default: none. */
  readonly options?: PlainOptions;
  /** Options that must give a plan for 18 groups. */
  readonly validOptions?: readonly PlainOptions[];
  /** Options that must be refused with an error that names the strategy. */
  readonly invalidOptions?: readonly PlainOptions[];
  /** The barrel of adapters that plans may name. Default: none. */
  readonly adapters?: AdapterBarrel;
  readonly skip?: readonly Skip[];
  /** Default: ONNX Runtime. */
  readonly engine?: OpenEngine;
}

const SIZES = [1, 2, 18];
const EPOCHS = 40;
const STEPS = 3;

/** The checks that every freezing strategy passes, for any test runner. */
export function checkFreezing(factory: Factory<FreezingStrategy>, options: FreezingCheckOptions = {}): Check[] {
  const { validOptions = [], invalidOptions = [], adapters = {}, engine = defaultEngine } = options;
  const make = (chosen = options.options): FreezingStrategy => (chosen === undefined ? factory() : factory(chosen));
  const context = (groups: readonly LayerGroup[]): PlanContext =>
    make().needs?.includes("measures") ? { measures: syntheticMeasures(groups) } : {};
  const planned = (groups: readonly LayerGroup[], strategy = make(), more: PlanContext = {}): FreezingPlan =>
    strategy.plan(groups, { ...context(groups), ...more });
  const where = (): string => `freezing/${options.name ?? make().name}`;

  return listChecks(
    {
      "name is kebab-case and the expected one": () => isName(make().name, options.name),
      "summary is one line": () => isOneLine("the summary", make().summary),
      "options that it knows are accepted": () => {
        const groups = syntheticGroups(18);
        for (const chosen of validOptions) isPlan(planned(groups, make(chosen)), make().name, groups, adapters);
      },
      "options that it does not know are refused by name": () => {
        const message = refuses("an unknown option", where(), () => make({ "kit-unknown": 1 }));
        const form =
          /^\[[^\]]+\] unknown option "kit-unknown";( did you mean "[^"]+"\?)? (known: [a-zA-Z0-9, -]+|there are none)$/;
        holds(form.test(message), () => `expected 'unknown option "kit-unknown"; known: ...'; received "${message}"`);
      },
      "wrong values of options are refused": () => {
        for (const chosen of invalidOptions) refuses(JSON.stringify(chosen), where(), () => make(chosen));
      },
      "plans for 1, 2 and 18 groups": () => {
        for (const groups of SIZES.map(syntheticGroups)) isPlan(planned(groups), make().name, groups, adapters);
      },
      "phases fit the epochs that are asked for": () => {
        for (const groups of SIZES.map(syntheticGroups)) {
          const plan = planned(groups, make(), { epochs: EPOCHS });
          isPlan(plan, make().name, groups, adapters);
          fitsEpochs(plan, EPOCHS);
        }
      },
      "the plan is pure: same groups, same plan, nothing written": () => {
        for (const groups of SIZES.map(syntheticGroups)) {
          const strategy = make();
          const plans = [strategy, strategy, make()].map((each) => JSON.stringify(planned(frozenGroups(groups), each)));
          holds(new Set(plans).size === 1, () => `expected the same plan each time; received ${plans.join(" and ")}`);
        }
      },
      "the plan is plain JSON": () => {
        for (const groups of SIZES.map(syntheticGroups)) isPlainJson("the plan", planned(groups));
      },
      "frozen weights and statistics keep their bits, thawed weights move": async () => {
        const backbone = tinyBackbone(4, seededRandom("testing/freezing").integer(1000));
        for (const phase of planned(backbone.groups).phases) {
          const { rates, statistics } = thawedBy(backbone, phase);
          const { graph, parameters } = adaptedBy(backbone, phase, adapters);
          const after = await trainPhase(await engine(), backbone, phase, STEPS, adapters);
          for (const [name, before] of graph.initializers) {
            const kept = sameBits(after[name] ?? before, before);
            const moves = name in rates || statistics.includes(name) || parameters.includes(name);
            holds(
              kept !== moves,
              () => `expected "${name}" to ${moves ? "change" : "keep its bits"} in ${STEPS} steps; it did not`,
            );
          }
        }
      },
    },
    options.skip,
  );
}
