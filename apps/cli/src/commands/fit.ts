import { fail } from "@graft-ml/core";
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { readSettings } from "../settings/read-settings.ts";

const HELP = `
Examples:
  $ graft fit ./pets                                  a new head on a frozen backbone, solved exactly
  $ graft fit ./pets --freezing last --set freezing.groups=2 --epochs 5
  $ graft fit ./pets --head mlp --set head.hidden=[128,64] --lr 3e-4
  $ graft fit --config graft.config.json --seed 7     a flag wins over the file
  $ graft fit ./pets --freezing last --epochs 20 --resume     goes on after Ctrl-C, a kill or a power cut

The data: one folder of pictures a class, or the same inside train/, val/ and test/.
The bundle: model.onnx (whole model, pictures to probabilities), graft.json (everything about it), report.html.
While it trains, <out>.partial/checkpoint.safetensors is written after every epoch and when it is stopped.
Names of backbones, freezing strategies and heads: graft list. Their options go through --set.

Exit codes: 0 done, 2 something in your input is wrong, 1 a bug, 130 interrupted (--resume goes on).`;

/** `graft fit`: teaches a pretrained model the classes of a folder. */
export function addFit(program: Command, io: Io): void {
  program
    .command("fit")
    .summary("teach a pretrained model your classes, from a folder of pictures")
    .description(
      "Teaches a pretrained model the classes of a folder of pictures, measures it on pictures that it has not seen,\nand writes a bundle: an ONNX file, a description, a report.",
    )
    .argument("[data]", "folder with one folder of pictures a class")
    .option("--backbone <name>", "the pretrained model (default: efficientnet-lite0)")
    .option("--freezing <name>", "what stays as pretrained (default: frozen)")
    .option("--head <name>", "what is put on top (default: linear)")
    .option("--solver <name>", "how a linear head on a frozen backbone is solved (default: logistic)")
    .option("--optimizer <name>", "how weights are updated where training iterates (default: adamw)")
    .option("--epochs <n>", "passes over the training pictures where training iterates")
    .option("--lr <rate>", "peak learning rate (default: 1e-3 for a head alone, 1e-4 where pretrained layers train)")
    .option("--batch <n>", "pictures a training step")
    .option("--seed <n>", "the same seed gives the same model (default: 0)")
    .option("--test <share>", "kept for testing where the folder is not divided (default: 0.2)")
    .option("--out <folder>", "where the bundle goes (default: graft-runs/<data>-<backbone>-<freezing>-<head>)")
    .option("--engine <name>", "what trains: auto, onnxruntime, tfjs-node, tfjs-wasm")
    .option("--strict", "the first picture that cannot be used ends the run")
    .option("--no-cache", "keep no features for the next run")
    .option("--config <file>", "experiment file: says all that the flags say")
    .option(
      "--set <kind.option=value>",
      "an option of the backbone, freezing, head, solver or optimizer; repeatable",
      collect,
    )
    .option("--resume", "go on with a training that was stopped, to the same weights as if it had not been")
    .option("--force", "replace a bundle that is already there")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (data: string | undefined, flags: Record<string, unknown>) => {
      const { cache, ...given } = flags;
      const settings = await readSettings(
        // Commander says cache: true where nobody said anything.
        { ...given, ...(cache === false && { cache }), ...(data !== undefined && { data }) },
        io.cwd,
      );
      if (settings.data === undefined) {
        throw fail(
          "cli/fit",
          "expected a folder of pictures; received none. Name it, or say data in the experiment file",
        );
      }
      const { fit } = await import("../actions/fit.ts");
      await fit({ ...settings, data: settings.data }, io);
    });
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
