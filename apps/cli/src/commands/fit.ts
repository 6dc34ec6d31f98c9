import { fail } from "@graft-ml/core";
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { readSettings } from "../settings/read-settings.ts";
import { collect } from "./collect.ts";
import { tableFlags } from "./table-flags.ts";

const HELP = `
Examples:
  $ graft fit ./pets                                  a new head on a frozen backbone, solved exactly
  $ graft fit ./pets --freezing last --set freezing.groups=2 --epochs 5
  $ graft fit ./pets --head mlp --set head.hidden=[128,64] --lr 3e-4
  $ graft fit reviews.csv                             texts: columns text and label, or what they are usually called
  $ graft fit pairs.tsv --text-column premise --text-column hypothesis --label-column answer
  $ graft fit rows.tsv --no-header --text-column 1 --label-column 2
  $ graft fit ./pets --freezing last --augment random-resized-crop,rand-augment --set augment.rand-augment.m=5
  $ graft fit ./pets --freezing last --teacher ./large --set teacher.strength=2 --set teacher.temperature=3
  $ graft fit --config graft.config.json --seed 7     a flag wins over the file
  $ graft fit ./pets --freezing last --epochs 20 --resume     goes on after Ctrl-C, a kill or a power cut

The data: one folder of pictures a class, or the same inside train/, val/ and test/.
Texts: a CSV, TSV or JSON lines file, such files called train, val and test in a folder, or one folder of .txt files a class.
The bundle: model.onnx (whole model, input to probabilities), graft.json (everything about it), report.html, for texts tokenizer.json.
While it trains, <out>.partial/checkpoint.safetensors is written after every epoch and when it is stopped.
Names of backbones, freezing strategies and heads: graft list. Their options go through --set.

Exit codes: 0 done, 2 something in your input is wrong, 1 a bug, 130 interrupted (--resume goes on).`;

/** `graft fit`: teaches a pretrained model the classes of pictures or texts. */
export function addFit(program: Command, io: Io): void {
  const command = program
    .command("fit")
    .summary("teach a pretrained model your classes, from a folder of pictures or a table of texts")
    .description(
      "Teaches a pretrained model the classes of pictures or texts, measures it on samples that it has not seen,\nand writes a bundle: an ONNX file, a description, a report.",
    )
    .argument("[data]", "folder with one folder of pictures a class, or a table of texts");
  tableFlags(command, "found", { label: true })
    .option(
      "--backbone <name>",
      "the pretrained model, by name or by its file (default: efficientnet-lite0 for pictures, minilm-l6 for texts)",
    )
    .option("--freezing <name>", "what stays as pretrained (default: frozen)")
    .option("--plan <file>", "a freezing plan that was saved, perhaps edited, in place of --freezing")
    .option("--head <name>", "what is put on top (default: linear)")
    .option("--solver <name>", "how a linear head on a frozen backbone is solved (default: logistic)")
    .option("--optimizer <name>", "how weights are updated where training iterates (default: adamw)")
    .option("--schedule <name>", "how the learning rate moves: cosine, linear-warmup, … (default: one-cycle)")
    .option(
      "--sampler <name>",
      "which samples an epoch draws: balanced gives every class the same share (default: shuffled)",
    )
    .option("--regularizer <name>", "what keeps pretrained knowledge: l2-sp, delta, bss, co-tuning (default: none)")
    .option("--teacher <bundle>", "learn what a bundle predicts, or the features of a backbone, beside the labels")
    .option("--class-weights <weights>", 'weight of each class in the loss: balanced, or JSON such as {"cat":2}')
    .option(
      "--augment <names>",
      "random changes of the training samples, in their order: random-resized-crop,horizontal-flip",
    )
    .option(
      "--views <n>",
      "views of each sample kept below a frozen boundary, itself among them (default: 4 with --augment)",
    )
    .option("--mixing <name>", "train on mixtures of two samples: mixup, cutmix (default: none)")
    .option("--epochs <n>", "passes over the training samples where training iterates")
    .option(
      "--lr <rate>",
      "peak learning rate, of every phase of a plan (default: 1e-3 for heads and adapters, 1e-4 where pretrained kernels train)",
    )
    .option("--batch <n>", "samples a training step")
    .option("--accumulate <n>", "batches whose mean gradient makes one update (default: 1)")
    .option("--ema <decay>", "keep a moving average of the weights and take it home, such as 0.999 (default: none)")
    .option("--seed <n>", "the same seed gives the same model (default: 0)")
    .option("--test <share>", "kept for testing where the data is not divided (default: 0.2)")
    .option("--out <folder>", "where the bundle goes (default: graft-runs/<data>-<backbone>-<freezing>-<head>)")
    .option("--engine <name>", "what trains: auto, onnxruntime, tfjs-node, tfjs-wasm")
    .option("--strict", "the first picture or row that cannot be used ends the run")
    .option("--no-cache", "keep no features for the next run")
    .option("--config <file>", "experiment file: says all that the flags say")
    .option(
      "--set <kind.option=value>",
      "an option of what was chosen (graft list has the kinds), of the teacher, or augment.name.option; repeatable",
      collect,
    )
    .option("--resume", "go on with a training that was stopped, to the same weights as if it had not been")
    .option("--force", "replace a bundle that is already there")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (data: string | undefined, flags: Record<string, unknown>) => {
      const { cache, header, ...given } = flags;
      const settings = await readSettings(
        // Commander says true of both where nobody said anything, and an experiment file may say otherwise.
        {
          ...given,
          ...(cache === false && { cache }),
          ...(header === false && { header }),
          ...(data !== undefined && { data }),
        },
        io.cwd,
      );
      if (settings.data === undefined) {
        throw fail(
          "cli/fit",
          "expected a folder of pictures or a table of texts; received none. Name it, or say data in the experiment file",
        );
      }
      const { fit } = await import("../actions/fit.ts");
      await fit({ ...settings, data: settings.data }, io);
    });
}
