import type { Command } from "commander";
import type { Io } from "../io.ts";

const HELP = `
Examples:
  $ graft predict my-pets photo.jpg
  $ graft predict my-pets inbox/*.jpg --json > answers.jsonl

A picture that cannot be read is told on stderr, the others are answered, and the exit code is 2.`;

/** `graft predict`: classifies pictures. */
export function addPredict(program: Command, io: Io): void {
  program
    .command("predict")
    .summary("say what is on pictures, one line a picture")
    .description("Classifies pictures with a fitted model, one line a picture.")
    .argument("<bundle>", "folder that graft fit wrote")
    .argument("<files...>", "pictures")
    .option("--json", "print JSON lines: input, label, score, scores")
    .option("--quiet", "no notices")
    .addHelpText("after", HELP)
    .action(async (bundle: string, files: string[], flags: { json?: boolean }) => {
      const { predict } = await import("../actions/predict.ts");
      await predict(bundle, files, flags, io);
    });
}
