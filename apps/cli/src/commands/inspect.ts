import type { Command } from "commander";
import type { Io } from "../io.ts";

const HELP = `
Examples:
  $ graft inspect efficientnet-lite0
  $ graft inspect efficientnet-lite0 --freezing last --set freezing.groups=2
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
    .option("--json", "print one JSON document")
    .addHelpText("after", HELP)
    .action(async (model: string, flags: { freezing?: string; set?: string[]; json?: boolean }) => {
      const { inspectModel } = await import("../actions/inspect.ts");
      await inspectModel(model, flags, io);
    });
}
