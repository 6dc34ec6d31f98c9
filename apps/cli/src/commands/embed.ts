import type { Command } from "commander";
import type { EmbedFlags } from "../actions/embed.ts";
import type { Io } from "../io.ts";
import { collect } from "./collect.ts";
import { tableFlags } from "./table-flags.ts";

const HELP = `
Examples:
  $ graft embed reviews.csv                        reviews.npy, and reviews.rows.jsonl that says what each row is
  $ graft embed sentences.txt --out vectors.jsonl  one line of JSON a text, vector included
  $ graft embed ./photos --backbone efficientnet-lite0 --out photos.npy

Features are what graft fit puts a head on: contextual embeddings of texts, the last layer before the classifier of pictures.
They are exact to half precision and kept in the cache. Nothing is trained and no labels are needed.
In Python: numpy.load("reviews.npy").`;

/** `graft embed`: features of texts or pictures by a pretrained model. */
export function addEmbed(program: Command, io: Io): void {
  const command = program
    .command("embed")
    .summary("turn texts or pictures into vectors by a pretrained model")
    .description("Turns texts or pictures into vectors by a pretrained model, without training anything.")
    .argument("<data>", "a table of texts, a .txt file of lines, a picture, or a folder of either")
    .option("--backbone <name>", "the pretrained model (default: efficientnet-lite0 for pictures, minilm-l6 for texts)")
    .option("--set <backbone.option=value>", "an option of the backbone; repeatable", collect);
  tableFlags(command, "found", { label: false })
    .option("--out <file>", "where vectors go: .npy, or .jsonl (default: <data>.npy here)")
    .option("--force", "replace files that are already there")
    .option("--no-cache", "keep no features for the next run")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (data: string, flags: EmbedFlags) => {
      const { embedData } = await import("../actions/embed.ts");
      await embedData(data, flags, io);
    });
}
