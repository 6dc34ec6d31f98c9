import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Backbone,
  type BackboneSource,
  type FreezingPlan,
  type FreezingStrategy,
  fail,
  sizeOf,
} from "@graft-ml/core";
import { frozen } from "@graft-ml/freezing";
import { inferShapes, layerGroups, readModel, widenHalf } from "@graft-ml/graph";
import { cutForPhase } from "./variables.ts";

/** Layer groups of a model and what a freezing strategy would train. */
export interface Inspection {
  readonly backbone: string;
  readonly groups: readonly {
    readonly name: string;
    readonly parameters: number;
    /** Shape of one sample at the group's end. */
    readonly boundaryShape: readonly (number | string)[];
    /** Bytes of one cached sample at the group's end, in half precision. */
    readonly boundaryBytes: number;
    readonly frozen: boolean;
    /** Parameters of the group that would train. */
    readonly trained: number;
  }[];
  readonly plan: FreezingPlan;
}

/** Inspects a catalogue entry, a bundle folder or an ONNX file. */
export async function inspect(
  target: BackboneSource | string,
  options: { readonly freezing?: FreezingStrategy } = {},
): Promise<Inspection> {
  const { name, graph, groups, rates, plan, frozenNames } = await open(target, options.freezing ?? frozen());
  const { values } = inferShapes(graph, { batch: 1 });
  return {
    backbone: name,
    plan,
    groups: groups.map(({ name, initializers, boundary }) => {
      const shape = values.get(boundary)!.dims.slice(1);
      const count = (names: readonly string[]): number =>
        names.reduce((n, initializer) => n + sizeOf(graph.initializers.get(initializer)!.dims), 0);
      return {
        name,
        parameters: count(initializers),
        boundaryShape: shape,
        boundaryBytes: shape.every((dim) => typeof dim === "number") ? 2 * sizeOf(shape as number[]) : 0,
        frozen: frozenNames.has(name),
        trained: count(initializers.filter((initializer) => initializer in rates)),
      };
    }),
  };
}

interface Opened extends Pick<Backbone, "graph" | "groups"> {
  readonly name: string;
  readonly plan: FreezingPlan;
  readonly rates: Readonly<Record<string, number>>;
  readonly frozenNames: ReadonlySet<string>;
}

async function open(target: BackboneSource | string, freezing: FreezingStrategy): Promise<Opened> {
  const backbone = typeof target === "string" ? await fromFile(target) : await target.load();
  const plan = freezing.plan(backbone.groups, {});
  const cut = cutForPhase(backbone, plan.phases[0]!);
  return {
    name: backbone.card.id,
    graph: backbone.graph,
    groups: backbone.groups,
    plan,
    rates: cut.rates,
    frozenNames: new Set(cut.frozen.map((group) => group.name)),
  };
}

/** An ONNX file without a card: its first input and output stand for the card's. */
async function fromFile(path: string): Promise<Backbone> {
  const found = await stat(path).catch((cause) => {
    throw fail(
      "graft/inspect",
      `expected a backbone's name, a bundle or an ONNX file; ${JSON.stringify(path)} does not exist`,
      { cause },
    );
  });
  const file = found.isDirectory() ? join(path, "model.onnx") : path;
  const graph = widenHalf(readModel(await readFile(file)));
  const [input, output] = [graph.inputs[0], graph.outputs[0]!];
  if (input === undefined) throw fail("graft/inspect", `${file} has no input`);
  const card = { id: path, input: input.name, features: output.name } as Backbone["card"];
  return { card, graph, groups: layerGroups(graph, input.name) };
}
