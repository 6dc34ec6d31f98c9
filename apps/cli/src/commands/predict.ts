import type { Command } from "commander";
import type { PredictFlags } from "../actions/predict.ts";
import type { Io } from "../io.ts";
import { tableFlags } from "./table-flags.ts";

const HELP = `
Examples:
  $ graft predict my-pets photo.jpg
  $ graft predict my-pets inbox/*.jpg --json > answers.jsonl
  $ graft predict my-reviews "could not put it down"
  $ graft predict my-reviews new.csv --json        one line a row; of a .txt file one a line

What cannot be read is told on stderr; a picture of that kind also makes the exit code 2, the others are answered.`;

/** `graft predict`: classifies pictures or texts. */
export function addPredict(program: Command, io: Io): void {
  const command = program
    .command("predict")
    .summary("say what pictures or texts are, one line each")
    .description("Classifies pictures or texts with a fitted model, one line each.")
    .argument("<bundle>", "folder that graft fit wrote")
    .argument("<inputs...>", "pictures; or texts: a table, a .txt file of lines, a text in quotes");
  tableFlags(command, "found", { label: false })
    .option("--json", "print JSON lines: input, label, score, scores")
    .option("--quiet", "no notices")
    .addHelpText("after", HELP)
    .action(async (bundle: string, inputs: string[], flags: PredictFlags) => {
      const { predict } = await import("../actions/predict.ts");
      await predict(bundle, inputs, flags, io);
    });
}
