import {
  type Adapter,
  type AdapterPlan,
  type Backbone,
  fail,
  fromBarrel,
  type Graph,
  type LayerGroup,
  type Preprocessing,
  seededRandom,
  type Tensors,
  unknownName,
} from "@graft-ml/core";
import { adapters as builtIn } from "@graft-ml/freezing";
import { withValues } from "../model.ts";

/** Factories of adapters by their exported names, as a barrel has them. */
export type AdapterBarrel = Readonly<Record<string, unknown>>;

/** One entry of a plan, put into a graph. */
export interface Attached {
  readonly plan: AdapterPlan;
  readonly adapter: Adapter;
  /** The backbone's groups that have it. */
  readonly groups: readonly LayerGroup[];
  /** Names of its parameters, in the order in which it made them. */
  readonly parameters: readonly string[];
}

/** A backbone with adapters in its layers; `backbone.groups` are those of the bare one. */
export interface AdaptedBackbone<P extends Preprocessing = Preprocessing> {
  readonly bare: Backbone<P>;
  readonly backbone: Backbone<P>;
  readonly attached: readonly Attached[];
}

const WHERE = "graft/adapters";

/**
 * Puts adapters into a backbone, each entry once; the seed draws their first values, with which the graph computes what it did.
 * `barrel` finds adapters by name: those of `@graft-ml/freezing`, unless others are given.
 */
export function attachAdapters<P extends Preprocessing>(
  bare: Backbone<P>,
  plans: readonly AdapterPlan[],
  seed: number,
  barrel: AdapterBarrel = builtIn,
): AdaptedBackbone<P> {
  let graph: Graph = bare.graph;
  const attached: Attached[] = [];
  for (const [key, plan] of distinct(plans)) {
    const adapter = fromBarrel<Adapter>(WHERE, "adapter", barrel, plan.adapter, plan.options);
    const groups = plan.groups.map((name) => groupNamed(bare, name));
    const adapted = adapter.attach(graph, groups, seededRandom(seed).fork(`adapter ${key}`));
    const taken = adapted.parameters.find((name) => graph.initializers.has(name) || !name.startsWith("adapter."));
    if (adapted.parameters.length === 0 || taken !== undefined) {
      const received = taken === undefined ? "no parameter" : `"${taken}"`;
      throw fail(
        WHERE,
        `expected "${adapter.name}" to add parameters named adapter.* of its own; received ${received}`,
      );
    }
    graph = adapted.graph;
    attached.push({ plan, adapter, groups, parameters: adapted.parameters });
  }
  return { bare, backbone: { ...bare, graph }, attached };
}

/** Parameters of the adapters that a phase trains. */
export function adapterParameters({ attached }: AdaptedBackbone, plans: readonly AdapterPlan[] = []): string[] {
  const keys = new Set(plans.map(keyOf));
  return attached.filter(({ plan }) => keys.has(keyOf(plan))).flatMap(({ parameters }) => parameters);
}

/** A backbone whose adapters have become part of its weights, as far as they can. */
export interface MergedBackbone<P extends Preprocessing = Preprocessing> {
  readonly backbone: Backbone<P>;
  /** Initializers of the bare backbone that adapters were added into. */
  readonly merged: readonly string[];
  /** Names of adapters that stay in the graph, because no weights compute what they do. */
  readonly kept: readonly string[];
}

/**
 * Writes trained values into a backbone and merges its adapters: the graph computes what the adapted one does, within rounding.
 * Adapters that cannot be merged, or that share an initializer with another one, stay in the graph.
 */
export function mergeAdapters<P extends Preprocessing>(
  adapted: AdaptedBackbone<P>,
  values: Tensors,
): MergedBackbone<P> {
  const { bare, attached } = adapted;
  const trained = withValues(bare.graph, values);
  const changes = mergeable(adapted, trained, values);
  const added = Object.assign({}, ...changes.values()) as Tensors;
  let graph = withValues(trained, added);
  const kept = attached.filter((each) => !changes.has(each));
  for (const { adapter, groups, parameters } of kept) {
    // Its first values, drawn here, are all replaced.
    graph = withValues(adapter.attach(graph, groups, seededRandom(0)).graph, pick(values, parameters, adapter.name));
  }
  return { backbone: { ...bare, graph }, merged: Object.keys(added), kept: kept.map(({ adapter }) => adapter.name) };
}

/**
 * Takes merged adapters out of a backbone again, given the values with which they were merged: its weights within rounding. Those that
 * stay in the graph are left there. Where the bare backbone is at hand, it is the exact answer.
 */
export function unmergeAdapters<P extends Preprocessing>(
  merged: Backbone<P>,
  adapted: AdaptedBackbone<P>,
  values: Tensors,
): Backbone<P> {
  let { graph } = merged;
  for (const { adapter, groups, parameters } of mergeable(adapted, merged.graph, values).keys()) {
    if (adapter.unmerge === undefined)
      throw fail(WHERE, `"${adapter.name}" cannot be taken out of merged weights. Load the backbone itself`);
    graph = withValues(graph, adapter.unmerge(graph, groups, pick(values, parameters, adapter.name)));
  }
  return { ...merged, graph };
}

/** Initializers of the bare backbone that merging would change. */
export function mergedInitializers(adapted: AdaptedBackbone): string[] {
  const first = Object.fromEntries(adapted.backbone.graph.initializers);
  return [...mergeable(adapted, adapted.bare.graph, first).values()].flatMap((change) => Object.keys(change));
}

/** What adapters that can be merged make of the initializers, none of which two of them change. */
function mergeable({ attached }: AdaptedBackbone, graph: Graph, values: Tensors): Map<Attached, Tensors> {
  const changes = new Map<Attached, Tensors>();
  for (const each of attached) {
    const change = each.adapter.merge?.(graph, each.groups, pick(values, each.parameters, each.adapter.name));
    if (change !== undefined) changes.set(each, change);
  }
  const owners = new Map<string, number>();
  for (const name of [...changes.values()].flatMap((change) => Object.keys(change)))
    owners.set(name, (owners.get(name) ?? 0) + 1);
  for (const [each, change] of changes)
    if (Object.keys(change).some((name) => owners.get(name)! > 1)) changes.delete(each);
  return changes;
}

function pick(values: Tensors, names: readonly string[], adapter: string): Tensors {
  const missing = names.find((name) => !Object.hasOwn(values, name));
  if (missing !== undefined) throw fail(WHERE, `expected a value for "${missing}" of "${adapter}"; received none`);
  return Object.fromEntries(names.map((name) => [name, values[name]!]));
}

/** The same entry in several phases is one adapter that goes on training. */
function distinct(plans: readonly AdapterPlan[]): Map<string, AdapterPlan> {
  return new Map(plans.map((plan) => [keyOf(plan), plan]));
}

function keyOf({ adapter, groups, options }: AdapterPlan): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([adapter, groups, sorted]);
}

function groupNamed<P extends Preprocessing>({ groups }: Backbone<P>, name: string): LayerGroup {
  const group = groups.find((each) => each.name === name);
  if (group !== undefined) return group;
  const known = groups.map((each) => each.name);
  throw unknownName(WHERE, "layer group", name, known);
}
