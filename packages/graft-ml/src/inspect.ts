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
import { inferShapes, layerGroups, liftConstants, readModel, widenHalf } from "@graft-ml/graph";
import { type Estimate, estimate } from "./estimate.ts";
import { besideModel } from "./external-files.ts";
import { readManifest } from "./load.ts";
import { parameterCount } from "./summarize.ts";
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
  /** Measured on this machine; left out for ONNX files without a card and where it was not asked for. */
  readonly estimate?: Estimate;
}

/** What to look at. */
export interface InspectOptions {
  /** Default: `frozen()`. */
  readonly freezing?: FreezingStrategy;
  /** Measure what the plan would cost, which takes seconds. Default: true. */
  readonly measure?: boolean;
}

/** Inspects a catalogue entry, a bundle folder (by the plan it was fitted with) or an ONNX file. */
export async function inspect(target: BackboneSource | string, options: InspectOptions = {}): Promise<Inspection> {
  const { backbone, plan: fitted, measurable } = await open(target);
  const { card, graph, groups } = backbone;
  const plan = options.freezing?.plan(groups, {}) ?? fitted ?? frozen().plan(groups, {});
  const phase = plan.phases[0]!;
  const cut = cutForPhase(backbone, phase);
  const { values } = inferShapes(graph, { batch: 1 });
  const measured = measurable && options.measure !== false;
  return {
    backbone: card.id,
    plan,
    groups: groups.map((group) => {
      const shape = values.get(group.boundary)!.dims.slice(1);
      return {
        name: group.name,
        parameters: parameterCount(graph, group.initializers),
        boundaryShape: shape,
        boundaryBytes: shape.every((dim) => typeof dim === "number") ? 2 * sizeOf(shape as number[]) : 0,
        frozen: cut.frozen.includes(group),
        trained: parameterCount(
          graph,
          group.initializers.filter((name) => name in cut.rates),
        ),
      };
    }),
    ...(measured && { estimate: await estimate(backbone, cut, phase.normalization) }),
  };
}

interface Opened {
  readonly backbone: Backbone;
  /** The plan of a bundle. */
  readonly plan?: FreezingPlan;
  /** Whether the graph ends at features that a head can be put on. */
  readonly measurable: boolean;
}

async function open(target: BackboneSource | string): Promise<Opened> {
  if (typeof target !== "string") return { backbone: await target.load(), measurable: true };
  const found = await stat(target).catch((cause) => {
    throw fail(
      "graft/inspect",
      `expected a backbone's name, a bundle or an ONNX file; ${JSON.stringify(target)} does not exist`,
      { cause },
    );
  });
  if (!found.isDirectory()) return { backbone: await fromFile(target, target), measurable: false };
  const { card, plan } = await readManifest(target);
  return { backbone: await fromFile(join(target, "model.onnx"), card.id), plan, measurable: false };
}

/** An ONNX file without a card: its first input and output stand for the card's. */
async function fromFile(file: string, id: string): Promise<Backbone> {
  const graph = widenHalf(liftConstants(readModel(await readFile(file), { external: besideModel(file) })));
  const [input, output] = [graph.inputs[0], graph.outputs[0]!];
  if (input === undefined) throw fail("graft/inspect", `${file} has no input`);
  const card = { id, input: input.name, features: output.name } as Backbone["card"];
  return { card, graph, groups: layerGroups(graph, input.name) };
}
