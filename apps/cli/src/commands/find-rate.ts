import type { Command } from "commander";
import type { Io } from "../io.ts";
import { collect } from "./collect.ts";

const HELP = `
Examples:
  $ graft find-rate ./pets --freezing last         then graft fit ./pets --freezing last --lr <what it says>
  $ graft find-rate reviews.csv --freezing full --highest 0.1
  $ graft find-rate --config graft.config.json     for all that an experiment file says

One batch after the other at exponentially rising rates, until the loss diverges (Smith, 2017). Nothing of it is kept: a training
afterwards is the same as without it. "steepest" is where the loss falls fastest, "safe" a tenth of where it is lowest.`;

/** `graft find-rate`: which learning rate a training would take. */
export function addFindRate(program: Command, io: Io): void {
  program
    .command("find-rate")
    .summary("try rising learning rates on your data, and say which to train with")
    .description("Tries rising learning rates on your data, and says which one to train with.")
    .argument("[data]", "folder with one folder of pictures a class, or a table of texts")
    .option("--text-column <name>", "column of a table's texts; twice for pairs (default: found)", collect)
    .option("--label-column <name>", "column of a table's classes (default: found)")
    .option("--backbone <name>", "the pretrained model (default: efficientnet-lite0 for pictures, minilm-l6 for texts)")
    .option("--freezing <name>", "what stays as pretrained (default: frozen)")
    .option("--head <name>", "what is put on top (default: linear)")
    .option("--optimizer <name>", "how weights are updated (default: adamw)")
    .option("--sampler <name>", "which samples an epoch draws (default: shuffled)")
    .option("--regularizer <name>", "what keeps pretrained knowledge (default: none)")
    .option("--batch <n>", "samples a step")
    .option("--seed <n>", "the same seed gives the same test (default: 0)")
    .option("--test <share>", "kept for testing where the data is not divided (default: 0.2)")
    .option("--engine <name>", "what trains: auto, onnxruntime, tfjs-node, tfjs-wasm")
    .option("--lowest <rate>", "first rate (default: 1e-7)")
    .option("--highest <rate>", "last rate (default: 10)")
    .option("--steps <n>", "batches, each at a higher rate (default: 100)")
    .option("--no-cache", "keep no features for the next run")
    .option("--config <file>", "experiment file of graft fit")
    .option("--set <kind.option=value>", "an option of the backbone, freezing, head, ...; repeatable", collect)
    .option("--json", "print one JSON document, with every rate and loss")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (data: string | undefined, flags: Record<string, unknown>) => {
      const { findRateOf } = await import("../actions/find-rate.ts");
      await findRateOf(data, flags, io);
    });
}
