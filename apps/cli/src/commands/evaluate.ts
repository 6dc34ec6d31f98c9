import type { Command } from "commander";
import type { EvaluateFlags } from "../actions/evaluate.ts";
import type { Io } from "../io.ts";
import { tableFlags } from "./table-flags.ts";

const HELP = `
Examples:
  $ graft evaluate my-pets ./new-pets
  $ graft evaluate my-pets ./new-pets --json | jq .accuracy
  $ graft evaluate my-reviews new-reviews.csv

Uses the data's test part where it has one, else all of it. Its classes must be among the bundle's.`;

/** `graft evaluate`: measures a bundle on labelled data. */
export function addEvaluate(program: Command, io: Io): void {
  const command = program
    .command("evaluate")
    .summary("measure a fitted model on other samples, with intervals")
    .description("Measures a fitted model on labelled pictures or texts that it has not seen.")
    .argument("<bundle>", "folder that graft fit wrote")
    .argument("<data>", "folder with one folder of pictures a class, or a table of texts, as graft fit takes them");
  tableFlags(command, "as it was fitted", { label: true })
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (bundle: string, data: string, flags: EvaluateFlags) => {
      const { evaluate } = await import("../actions/evaluate.ts");
      await evaluate(bundle, data, flags, io);
    });
}
