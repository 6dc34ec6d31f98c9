import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Backbone,
  type BackboneSource,
  type FreezingPhase,
  type FreezingPlan,
  type FreezingStrategy,
  fail,
  type Graph,
  type Head,
  type Preprocessing,
  sizeOf,
} from "@graft-ml/core";
import { frozen } from "@graft-ml/freezing";
import { inferShapes, layerGroups, liftConstants, readModel, widenHalf } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { isKerasFile } from "./backbone-file.ts";
import type { PhaseReport } from "./checkpoints/checkpoint-file.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { besideModel } from "./external-files.ts";
import { readManifest } from "./load.ts";
import { type PlannedPhase, planPhases } from "./plans/plan-phases.ts";
import { parameterCount } from "./summarize.ts";

/** Layer groups of a model and what a freezing strategy would train. */
export interface Inspection {
  readonly backbone: string;
  readonly groups: readonly {
    readonly name: string;
    readonly parameters: number;
    /** Shape of one sample at the group's end. */
    readonly boundaryShape: readonly (number | string)[];
    /** Bytes of one cached sample at the group's end, in half precision; of one token where samples are texts of any length. */
    readonly boundaryBytes: number;
    /** Whether no phase trains anything of it but an adapter. */
    readonly frozen: boolean;
    /** Parameters of the group that would train in some phase, without those of adapters. */
    readonly trained: number;
  }[];
  readonly plan: FreezingPlan;
  readonly phases: readonly InspectedPhase[];
  /** Measured on this machine; left out for ONNX files without a card and where it was not asked for. */
  readonly estimate?: Estimate;
}

/** What one phase of a plan would do. */
export interface InspectedPhase {
  /** Names of the groups of which something trains, but for adapters. */
  readonly groups: readonly string[];
  /** Names of the adapters that train. */
  readonly adapters: readonly string[];
  /** Parameters that train, adapters' included, without the head's. */
  readonly parameters: number;
  /** Value at which the frozen part ends. */
  readonly boundary: string;
  readonly normalization: FreezingPhase["normalization"];
  readonly epochs: number;
  /** Peak learning rate. */
  readonly rate: number;
  /** Whether a linear head would be solved instead of trained. */
  readonly solved: boolean;
}

/** What to look at. */
export interface InspectOptions {
  /** Default: `frozen()`. */
  readonly freezing?: FreezingStrategy;
  /** Epochs of all phases together. Default: as when fitting. */
  readonly epochs?: number;
  /** Measure what the plan would cost, which takes seconds. Default: true. */
  readonly measure?: boolean;
}

/** Inspects a catalogue entry, a bundle folder (by the plan it was fitted with) or an ONNX file. */
export async function inspect(
  target: BackboneSource<Preprocessing> | string,
  options: InspectOptions = {},
): Promise<Inspection> {
  const { backbone, plan: fitted, reports, measurable } = await open(target);
  const { card, graph, groups } = backbone;
  const { epochs } = options;
  const context = epochs === undefined ? {} : { epochs };
  const plan = options.freezing?.plan(groups, context) ?? fitted ?? frozen().plan(groups, {});
  const planned = planPhases(backbone, options.freezing === undefined ? withoutAdapters(plan) : plan, {
    head: linear() as Head,
    seed: 0,
    ...context,
  });
  const { values } = inferShapes(graph, { batch: 1 });
  const trains = new Set(planned.phases.flatMap(({ cut }) => Object.keys(cut.rates)));
  const measured = measurable && options.measure !== false;
  return {
    backbone: card.id,
    plan,
    phases: planned.phases.map((phase, i) => ({
      ...inspected(planned.adapted.backbone.graph, phase, plan.phases[i]!),
      ...(options.freezing === undefined && reports?.[i] && reported(reports[i])),
    })),
    groups: groups.map((group) => {
      const shape = values.get(group.boundary)!.dims.slice(1);
      return {
        name: group.name,
        parameters: parameterCount(graph, group.initializers),
        boundaryShape: shape,
        boundaryBytes: 2 * sizeOf(shape.map((dim) => (typeof dim === "number" ? dim : 1))),
        frozen: planned.phases.every(({ cut }) => cut.frozen.includes(group)),
        trained: parameterCount(
          graph,
          group.initializers.filter((name) => trains.has(name)),
        ),
      };
    }),
    ...(measured && { estimate: await estimate(planned) }),
  };
}

function inspected(graph: Graph, { cut, ...phase }: PlannedPhase, { adapters = [] }: FreezingPhase): InspectedPhase {
  return {
    groups: cut.trained.map(({ name }) => name),
    adapters: adapters.map(({ adapter }) => adapter),
    parameters: parameterCount(graph, Object.keys(cut.rates)),
    boundary: cut.boundary,
    normalization: phase.normalization,
    epochs: phase.epochs,
    rate: phase.rate,
    solved: phase.solved,
  };
}

/** What a bundle tells of a phase, whose adapters can be part of the weights by now. */
function reported({ boundary, parameters, head, engine, epochs }: PhaseReport): Partial<InspectedPhase> {
  const solved = engine.startsWith("solver:");
  return { boundary, parameters: parameters - head, solved, ...(!solved && { epochs }) };
}

/** A bundle's adapters have become part of its weights. */
function withoutAdapters({ strategy, phases }: FreezingPlan): FreezingPlan {
  return { strategy, phases: phases.map(({ adapters: _, ...phase }) => phase) };
}

interface Opened {
  readonly backbone: Backbone<Preprocessing>;
  /** The plan of a bundle. */
  readonly plan?: FreezingPlan;
  /** What its phases came to. */
  readonly reports?: readonly PhaseReport[];
  /** Whether the graph ends at features that a head can be put on. */
  readonly measurable: boolean;
}

async function open(target: BackboneSource<Preprocessing> | string): Promise<Opened> {
  if (typeof target !== "string") return { backbone: await target.load(), measurable: true };
  const found = await stat(target).catch((cause) => {
    throw fail(
      "graft/inspect",
      `expected a backbone's name, a bundle or an ONNX file; ${JSON.stringify(target)} does not exist`,
      { cause },
    );
  });
  if (!found.isDirectory()) return { backbone: await fromFile(target, target), measurable: false };
  const { card, plan, train } = await readManifest(target);
  const backbone = await fromFile(join(target, "model.onnx"), card.id);
  return { backbone, plan, ...(train?.phases && { reports: train.phases }), measurable: false };
}

/** A model's file without a card: its first input and output stand for the card's. */
async function fromFile(file: string, id: string): Promise<Backbone> {
  const graph = isKerasFile(file) ? await kerasGraph(file) : await onnxGraph(file);
  const [input, output] = [graph.inputs[0], graph.outputs[0]!];
  if (input === undefined) throw fail("graft/inspect", `${file} has no input`);
  const card = { id, input: input.name, features: output.name } as Backbone["card"];
  return { card, graph, groups: layerGroups(graph, input.name) };
}

async function onnxGraph(file: string): Promise<Graph> {
  return widenHalf(liftConstants(readModel(await readFile(file), { external: besideModel(file) })));
}

async function kerasGraph(file: string): Promise<Graph> {
  // HDF5 comes as WebAssembly: whoever opens no Keras model shall not pay for it.
  return (await import("@graft-ml/backbones/keras")).kerasModel(file);
}
