import type { Command } from "commander";
import type { Io } from "../io.ts";

/** `graft list`: every plugin with its one-line purpose. */
export function addList(program: Command, io: Io): void {
  program
    .command("list")
    .summary("backbones, freezing strategies, heads, solvers, optimizers, mixings, augmentations")
    .description("Lists the plugins of a kind, or of every kind, with what each is for.")
    .argument("[kind]", "backbones, freezing, heads, solvers, optimizers, mixings or augmentations")
    .argument("[pattern]", "names to list, with * and ?: 'resnet*'")
    .option("--config <file>", "list the plugins of an experiment file, too")
    .option("--json", "print one JSON document")
    .action(
      async (kind: string | undefined, pattern: string | undefined, flags: { config?: string; json?: boolean }) => {
        const { listPlugins } = await import("../actions/list.ts");
        await listPlugins(kind, pattern, flags, io);
      },
    );
}
