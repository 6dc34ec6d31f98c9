import {
  type Backbone,
  type Engine,
  fail,
  type Graph,
  type Preprocessing,
  type Tensors,
  toNumbers,
} from "@graft-ml/core";
import { cut, cutPoints, validate } from "@graft-ml/graph";
import { holds, isNear } from "../expectations.ts";
import { runOnce } from "../run-once.ts";
import { weightNames } from "./card-rules.ts";

/** Groups go from input to output, end at cut points, and have names of their own. */
export function areOrdered({ card, graph, groups }: Backbone<Preprocessing>): void {
  holds(groups.length > 0, () => "expected at least one layer group; received none");
  const names = groups.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  holds(twice === undefined, () => `expected names of their own for layer groups; "${twice}" appears twice`);
  const points = cutPoints(graph, card.input);
  let before = -1;
  for (const { name, boundary } of groups) {
    const at = points.indexOf(boundary);
    holds(
      at >= 0,
      () => `expected group "${name}" to end where one value carries everything; "${boundary}" is no such value`,
    );
    holds(
      at > before,
      () => `expected groups from input to output; "${name}" ends at or before the group in front of it`,
    );
    before = at;
  }
}

/** Every weight belongs to one group, and to the one that reads it. */
export function areComplete({ graph, groups }: Backbone<Preprocessing>): void {
  const owner = new Map<string, number>();
  groups.forEach(({ name, initializers }, i) => {
    for (const initializer of initializers) {
      holds(
        graph.initializers.has(initializer),
        () => `group "${name}" names the initializer "${initializer}", which the graph lacks`,
      );
      const other = groups[owner.get(initializer) ?? -1]?.name;
      holds(other === undefined, () => `expected "${initializer}" in one group; it is in "${other}" and "${name}"`);
      owner.set(initializer, i);
    }
  });
  const missed = weightNames(graph).find((name) => !owner.has(name));
  holds(missed === undefined, () => `expected every weight in a group; "${missed}" is in none`);
  groups.forEach(({ name, boundary }, i) => {
    const below = new Set(weightNames(cut(graph, [boundary]).prefix));
    for (const [initializer, group] of owner) {
      const inside = group <= i;
      holds(
        below.has(initializer) === inside,
        () => `expected "${initializer}" ${inside ? "below" : "above"} the boundary of group "${name}"`,
      );
    }
  });
}

/** Running the two halves after each other is running the whole, at every boundary; only a mask is fed to both. */
export async function cutsCompose(
  backbone: Backbone<Preprocessing>,
  engine: Engine,
  inputs: Tensors,
  tolerance: number,
): Promise<void> {
  const { card, graph, groups } = backbone;
  const mask = "mask" in card.preprocessing ? card.preprocessing.mask : undefined;
  const whole = toNumbers((await runOnce(engine, graph, inputs))[card.features]!);
  for (const { name, boundary } of groups) {
    if (boundary === card.features) continue;
    const { prefix, suffix } = cut(graph, [boundary]);
    for (const half of [prefix, suffix]) validate(half);
    const stray = suffix.inputs.find((input) => input.name !== boundary && input.name !== mask);
    if (stray !== undefined)
      throw fail(
        "testing",
        `the boundary of group "${name}" does not separate the graph: what follows still reads "${stray.name}"`,
      );
    const of = (half: Graph, values: Tensors): Tensors =>
      Object.fromEntries(half.inputs.map(({ name }) => [name, values[name]!]));
    const middle = await runOnce(engine, prefix, of(prefix, inputs));
    const features = (await runOnce(engine, suffix, of(suffix, { ...inputs, ...middle })))[card.features]!;
    isNear(`the features behind a cut after group "${name}"`, toNumbers(features), whole, tolerance);
  }
}
