import type { Command } from "commander";
import { collect } from "./collect.ts";

/** Adds the flags that say how a table of texts is to be read; `otherwise` is what happens without the names of columns. */
export function tableFlags(command: Command, otherwise: string, { label }: { readonly label: boolean }): Command {
  command.option("--text-column <name>", `column of a table's texts; twice for pairs (default: ${otherwise})`, collect);
  if (label) command.option("--label-column <name>", `column of a table's classes (default: ${otherwise})`);
  return command
    .option("--no-header", 'the first row of a table is no header: columns are called "1", "2" and so on')
    .option("--encoding <label>", "how a table is encoded, such as shift_jis (default: utf-8, else windows-1252)");
}
