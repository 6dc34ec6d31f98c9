import type { Command } from "commander";
import type { InspectFlags } from "../actions/inspect.ts";
import type { Io } from "../io.ts";

const HELP = `
Examples:
  $ graft inspect efficientnet-lite0
  $ graft inspect efficientnet-lite0 --freezing last --set freezing.groups=2
  $ graft inspect efficientnet-lite0 --freezing gradual-unfreezing --epochs 6 --save-plan plan.json
  $ graft inspect efficientnet-lite0 --plan plan.json
  $ graft inspect model.onnx
  $ graft inspect my-pets`;

/** `graft inspect`: the layer groups of a model and what a plan would train. */
export function addInspect(program: Command, io: Io): void {
  program
    .command("inspect")
    .summary("layer groups, parameters, boundaries, and what would train")
    .description("Shows a model's layer groups, what their boundaries weigh, and what a freezing strategy would train.")
    .argument("<model>", "a backbone's name, an .onnx file, or a bundle")
    .option("--freezing <name>", "the strategy that plans (default: frozen)")
    .option(
      "--set <kind.option=value>",
      "an option of the backbone or freezing; repeatable",
      (value: string, before: string[] = []) => [...before, value],
    )
    .option("--plan <file>", "a freezing plan that was saved, perhaps edited, in place of --freezing")
    .option("--save-plan <file>", "write the plan, to edit it and pass it back by --plan")
    .option("--epochs <n>", "epochs that the phases share")
    .option("--json", "print one JSON document")
    .addHelpText("after", HELP)
    .action(async (model: string, flags: InspectFlags) => {
      const { inspectModel } = await import("../actions/inspect.ts");
      await inspectModel(model, flags, io);
    });
}
