import type { Value, Values } from "@graft-ml/core";
import { type OpenGraph, split } from "@graft-ml/graph";
import type { Optimizer } from "./optimizers/optimizer.ts";

/** Vectors in one update: those of about one layer, since gradients wait for each other and would fill the memory otherwise. */
const TOGETHER = 12;

/** A variable on its way to its next value. */
export interface Updating {
  readonly name: string;
  readonly parameter: Value;
  readonly gradient: Value;
  /** The optimizer's memory of it, by slot name. */
  readonly slots: Values;
  /** Multiple of the base rate. */
  readonly rate: number;
}

/** A variable's next value and its next slots. */
export interface Updated {
  readonly parameter: Value;
  readonly slots: Values;
}

/** What all updates of a step have in common. */
export interface UpdateSpec {
  readonly optimizer: Optimizer;
  /** Rate of the step. */
  readonly rate: Value;
  /** The optimizer's fed scalars. */
  readonly scalars: Values;
}

/**
 * Adds the updates of all variables, by name. A network has many biases and scales of a few hundred numbers, whose updates cost their
 * dispatch and not their arithmetic: those with one rate are laid end to end and updated as one.
 */
export function weightUpdates(g: OpenGraph, variables: readonly Updating[], spec: UpdateSpec): Map<string, Updated> {
  const { optimizer } = spec;
  const rates = new Map<number, Value>([[1, spec.rate]]);
  const rateOf = (multiple: number): Value => {
    const known = rates.get(multiple) ?? g.op("Mul", [spec.rate, g.scalar(multiple)]);
    rates.set(multiple, known);
    return known;
  };
  const update = ({ parameter, gradient, slots, rate }: Omit<Updating, "name">): Updated =>
    optimizer.update(
      { parameter, gradient, slots, rate: rateOf(rate), scalars: spec.scalars, decays: parameter.dims.length > 1 },
      g,
    );
  const updated = new Map<string, Updated>();
  const waiting = new Map<number, Updating[]>();
  const flush = (rate: number): void => {
    const members = waiting.get(rate) ?? [];
    waiting.delete(rate);
    if (members.length === 1) updated.set(members[0]!.name, update(members[0]!));
    else for (const [name, next] of endToEnd(g, optimizer.slots, rate, members, update)) updated.set(name, next);
  };
  for (const variable of variables) {
    if (!optimizer.elementwise || variable.parameter.dims.length !== 1) {
      updated.set(variable.name, update(variable));
      continue;
    }
    const together = [...(waiting.get(variable.rate) ?? []), variable];
    waiting.set(variable.rate, together);
    if (together.length === TOGETHER) flush(variable.rate);
  }
  for (const rate of [...waiting.keys()]) flush(rate);
  return updated;
}

function endToEnd(
  g: OpenGraph,
  slots: readonly string[],
  rate: number,
  members: readonly Updating[],
  update: (all: Omit<Updating, "name">) => Updated,
): [string, Updated][] {
  const joined = (values: readonly Value[]): Value => g.op("Concat", values, { axis: 0 });
  const next = update({
    parameter: joined(members.map(({ parameter }) => parameter)),
    gradient: joined(members.map(({ gradient }) => gradient)),
    slots: Object.fromEntries(slots.map((slot) => [slot, joined(members.map((member) => member.slots[slot]!))])),
    rate,
  });
  const lengths = members.map(({ parameter }) => parameter.dims[0] as number);
  const parameters = split(g, next.parameter, 0, lengths);
  const pieces = Object.fromEntries(slots.map((slot) => [slot, split(g, next.slots[slot]!, 0, lengths)]));
  return members.map(({ name }, i) => [
    name,
    { parameter: parameters[i]!, slots: Object.fromEntries(slots.map((slot) => [slot, pieces[slot]![i]!])) },
  ]);
}
