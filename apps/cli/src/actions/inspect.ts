import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type BackboneSource, type FreezingStrategy, fail } from "@graft-ml/core";
import * as graft from "graft-ml";
import { byteSize, count, duration } from "../format.ts";
import type { Io } from "../io.ts";
import { gatherPlugins, makePlugin } from "../plugin-kinds.ts";
import { reasonCells } from "../report-text.ts";
import { writePlanFile } from "../settings/plan-file.ts";
import { readSettings } from "../settings/read-settings.ts";
import { facts, table } from "../tables.ts";

/** What `graft inspect` can be told besides the model. */
export interface InspectFlags {
  readonly freezing?: string;
  readonly plan?: string;
  readonly savePlan?: string;
  readonly epochs?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Prints the layer groups of a backbone, an ONNX file or a bundle, and the phases of a plan. */
export async function inspectModel(model: string, flags: InspectFlags, io: Io): Promise<void> {
  const { json, savePlan, ...planning } = flags;
  // A path wins over a name only where it looks like one or is there.
  const path = /[\\/]|\.onnx$/i.test(model) || existsSync(resolve(io.cwd, model)) ? resolve(io.cwd, model) : undefined;
  const settings = await readSettings({ ...planning, ...(path === undefined && { backbone: model }) }, io.cwd);
  const plugins = await gatherPlugins(graft);
  // A bundle has a plan of its own, which a strategy overrules only when it is asked for.
  const asked = path === undefined || settings.freezing !== undefined;
  const target = path ?? makePlugin<BackboneSource>(plugins, "backbone", settings.backbone);
  const freezing = asked ? makePlugin<FreezingStrategy>(plugins, "freezing", settings.freezing) : undefined;
  if (freezing?.needs?.includes("measures")) throw needsData(freezing.name);
  const inspection = await graft.inspect(target, {
    ...(freezing && { freezing }),
    ...(settings.epochs !== undefined && { epochs: settings.epochs }),
  });
  if (savePlan !== undefined) await writePlanFile(savePlan, inspection.plan, io.cwd);
  if (json) {
    io.stdout.write(`${JSON.stringify(inspection)}\n`);
    return;
  }
  const { groups, plan, estimate, phases } = inspection;
  const rows = groups.map(({ name, parameters, boundaryShape, boundaryBytes, frozen, trained }) => [
    name,
    count(parameters),
    boundaryShape.join("×"),
    `${byteSize(boundaryBytes)}${boundaryShape.every((dim) => typeof dim === "number") ? "" : " a token"}`,
    frozen ? "frozen" : `trains ${count(trained)}`,
  ]);
  const total = groups.reduce((sum, group) => sum + group.parameters, 0);
  const most = Math.max(...phases.map(({ parameters }) => parameters));
  io.stdout.write(table(io, ["group", "parameters", "boundary", "a sample", plan.strategy], rows));
  if (phases.length > 1 || phases.some(({ adapters }) => adapters.length > 0))
    io.stdout.write(`\n${phaseTable(inspection, io)}`);
  const why = reasonCells(plan);
  if (why !== undefined) io.stdout.write(`\n${table(io, why.heading, why.rows)}`);
  io.stdout.write(
    `\n${facts(io, [
      ["model", inspection.backbone],
      ["parameters", count(total)],
      ["trained", `${count(most)}, and the head`],
      ...(estimate === undefined ? [] : [costs(estimate)]),
      ...(savePlan === undefined ? [] : [["plan", savePlan] as [string, string]]),
    ])}`,
  );
}

function needsData(name: string): Error {
  const fit = `"graft fit <data> --freezing ${name} --out <bundle>"`;
  return fail(
    "cli/inspect",
    `"${name}" plans by measures of your data, and inspect has no data. ${fit} carries its plan out and prints it; "graft inspect <bundle> --save-plan plan.json" then writes it, and "graft fit <data> --plan plan.json" uses it again`,
  );
}

/** One line a phase: what trains in it, where the frozen part ends, how long it takes. */
function phaseTable({ phases, estimate }: graft.Inspection, io: Io): string {
  const heading = ["phase", "trains", "parameters", "frozen up to", "epochs", ...(estimate ? ["time", "memory"] : [])];
  const rows = phases.map(({ groups, adapters, parameters, boundary, epochs, solved }, i) => {
    const cost = estimate?.phases[i];
    return [
      i + 1,
      trains(groups, adapters),
      count(parameters),
      boundary,
      solved ? "solved" : count(epochs),
      ...(cost ? [duration(cost.seconds), byteSize(cost.memoryBytes)] : []),
    ];
  });
  return table(io, heading, rows);
}

function trains(groups: readonly string[], adapters: readonly string[]): string {
  const layers = groups.length < 3 ? groups : [`${groups[0]} … ${groups.at(-1)}`];
  return [...layers, ...adapters, "new head"].join(", ");
}

/** What the plan would cost on this machine, in words. */
function costs({ samples, tokens, parts, memoryBytes }: NonNullable<graft.Inspection["estimate"]>): [string, string] {
  const kind = tokens === undefined ? "pictures" : `texts of ${tokens} tokens`;
  const times = [
    `${duration(parts.features)} for the frozen layers, once`,
    `${duration(parts.recut + parts.training)} for training`,
  ];
  return ["costs here", `${times.join(", ")}, for ${count(samples)} ${kind}; about ${byteSize(memoryBytes)} of memory`];
}
