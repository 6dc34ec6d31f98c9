import {
  type AdapterPlan,
  type FreezingPhase,
  type FreezingPlan,
  fail,
  type ParameterRole,
  type PlainOptions,
  unknownName,
} from "@graft-ml/core";

const ROLES: readonly ParameterRole[] = ["kernel", "bias", "scale", "shift", "embedding", "other"];
const MODES: readonly FreezingPhase["normalization"][] = ["frozen", "affine", "live"];

/** Reads a freezing plan that comes from outside; every fault is told by its place. */
export function readPlan(where: string, value: unknown): FreezingPlan {
  const plan = record(where, "the plan", value, ["$schema", "strategy", "phases", "rate", "reasons"]);
  const phases = list(where, "phases", plan.phases);
  if (phases.length === 0) throw fail(where, "expected phases to hold at least one phase; received none");
  const { rate } = plan;
  if (rate !== undefined) positive(where, "rate", rate);
  return {
    strategy: typeof plan.strategy === "string" ? plan.strategy : "planned",
    phases: phases.map((phase, i) => readPhase(where, phase, `phases[${i}]`, i === phases.length - 1)),
    ...(rate !== undefined && { rate: rate as number }),
  };
}

function readPhase(where: string, value: unknown, at: string, last: boolean): FreezingPhase {
  const phase = record(where, at, value, ["groups", "roles", "adapters", "normalization", "epochs", "solve"]);
  const { epochs } = phase;
  const names = new Set<string>();
  const groups = list(where, `${at}.groups`, phase.groups).map((each, i) => {
    const { name, rate } = record(where, `${at}.groups[${i}]`, each, ["name", "rate"]);
    const found = text(where, `${at}.groups[${i}].name`, name);
    if (names.has(found)) throw fail(where, `${at}.groups names ${JSON.stringify(found)} twice`);
    names.add(found);
    return { name: found, rate: positive(where, `${at}.groups[${i}].rate`, rate) };
  });
  if (epochs === undefined ? !last : !Number.isInteger(epochs) || (epochs as number) < 1)
    throw wrong(where, `${at}.epochs`, `a whole number above 0${last ? ", or none" : ""}`, epochs);
  return {
    groups,
    ...(phase.roles !== undefined && {
      roles: list(where, `${at}.roles`, phase.roles).map((role, i) => oneOf(where, `${at}.roles[${i}]`, role, ROLES)),
    }),
    ...(phase.adapters !== undefined && {
      adapters: list(where, `${at}.adapters`, phase.adapters).map((each, i) =>
        readAdapter(where, each, `${at}.adapters[${i}]`),
      ),
    }),
    normalization: oneOf(where, `${at}.normalization`, phase.normalization, MODES),
    ...(epochs !== undefined && { epochs: epochs as number }),
    ...(phase.solve !== undefined && { solve: oneOf(where, `${at}.solve`, phase.solve, [true, false]) }),
  };
}

function readAdapter(where: string, value: unknown, at: string): AdapterPlan {
  const { adapter, groups, options } = record(where, at, value, ["adapter", "groups", "options"]);
  return {
    adapter: text(where, `${at}.adapter`, adapter),
    groups: list(where, `${at}.groups`, groups).map((name, i) => text(where, `${at}.groups[${i}]`, name)),
    options: record(where, `${at}.options`, options),
  };
}

function record(where: string, at: string, value: unknown, known?: readonly string[]): PlainOptions {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, at, "an object", value);
  for (const name of Object.keys(value)) {
    if (known !== undefined && !known.includes(name)) throw unknownName(where, `key of ${at}`, name, known);
  }
  return value as PlainOptions;
}

function positive(where: string, at: string, value: unknown): number {
  if (typeof value !== "number" || !(value > 0 && value <= Number.MAX_VALUE))
    throw wrong(where, at, "a number above 0", value);
  return value;
}

function list(where: string, at: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(where, at, "a list", value);
  return value;
}

function text(where: string, at: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw wrong(where, at, "a name", value);
  return value;
}

function oneOf<T extends string | boolean>(where: string, at: string, value: unknown, choices: readonly T[]): T {
  if (!(choices as readonly unknown[]).includes(value)) throw wrong(where, at, `one of ${choices.join(", ")}`, value);
  return value as T;
}

function wrong(where: string, at: string, expected: string, value: unknown): Error {
  return fail(
    where,
    `expected ${at} to be ${expected}; received ${value === undefined ? "none" : JSON.stringify(value)}`,
  );
}
