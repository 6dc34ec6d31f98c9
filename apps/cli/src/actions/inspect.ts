import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { BackboneSource, FreezingStrategy } from "@graft-ml/core";
import * as graft from "graft-ml";
import { byteSize, count } from "../format.ts";
import type { Io } from "../io.ts";
import { gatherPlugins, makePlugin } from "../plugin-kinds.ts";
import { readSettings } from "../settings/read-settings.ts";
import { facts, table } from "../tables.ts";

/** Prints the layer groups of a backbone, an ONNX file or a bundle. */
export async function inspectModel(
  model: string,
  flags: { freezing?: string; set?: string[]; json?: boolean },
  io: Io,
): Promise<void> {
  const { json, ...planning } = flags;
  // A path wins over a name only where it looks like one or is there.
  const path = /[\\/]|\.onnx$/i.test(model) || existsSync(resolve(io.cwd, model)) ? resolve(io.cwd, model) : undefined;
  const settings = await readSettings({ ...planning, ...(path === undefined && { backbone: model }) }, io.cwd);
  const plugins = await gatherPlugins(graft);
  // A bundle has a plan of its own, which a strategy overrules only when it is asked for.
  const asked = path === undefined || flags.freezing !== undefined || flags.set !== undefined;
  const target = path ?? makePlugin<BackboneSource>(plugins, "backbone", settings.backbone);
  const inspection = await graft.inspect(target, {
    ...(asked && { freezing: makePlugin<FreezingStrategy>(plugins, "freezing", settings.freezing) }),
  });
  if (json) {
    io.stdout.write(`${JSON.stringify(inspection)}\n`);
    return;
  }
  const { groups, plan, estimate } = inspection;
  const rows = groups.map(({ name, parameters, boundaryShape, boundaryBytes, frozen, trained }) => [
    name,
    count(parameters),
    boundaryShape.join("×"),
    byteSize(boundaryBytes),
    frozen ? "frozen" : `trains ${count(trained)}`,
  ]);
  const total = groups.reduce((sum, group) => sum + group.parameters, 0);
  const trained = groups.reduce((sum, group) => sum + group.trained, 0);
  io.stdout.write(table(io, ["group", "parameters", "boundary", "a sample", plan.strategy], rows));
  io.stdout.write(
    `\n${facts(io, [
      ["model", inspection.backbone],
      ["parameters", count(total)],
      ["trained", `${count(trained)}, and the head`],
      ...(estimate === undefined ? [] : [costs(estimate)]),
    ])}`,
  );
}

/** What the plan would cost on this machine, in words. */
function costs({ samples, parts, memoryBytes }: NonNullable<graft.Inspection["estimate"]>): [string, string] {
  const times = [`${parts.features.toFixed(1)} s for the frozen layers, once`, `${parts.epoch.toFixed(1)} s an epoch`];
  return [
    "costs here",
    `${times.join(", ")}, for ${count(samples)} pictures; about ${byteSize(memoryBytes)} of memory`,
  ];
}
