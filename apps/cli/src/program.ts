import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addCache } from "./commands/cache.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEmbed } from "./commands/embed.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addFindRate } from "./commands/find-rate.ts";
import { addFit } from "./commands/fit.ts";
import { addInspect } from "./commands/inspect.ts";
import { addList } from "./commands/list.ts";
import { addPredict } from "./commands/predict.ts";
import { addQuickstart } from "./commands/quickstart.ts";
import type { Io } from "./io.ts";

const STORY = `Teaches a pretrained model your classes from pictures or texts, and leaves you an ONNX file that runs anywhere.
What stays frozen is computed once and kept, so that the second try takes seconds.`;

const MORE = `
Examples:
  $ graft quickstart                              the whole story on bundled pictures
  $ graft fit ./pets --out my-pets                one folder a class: pets/cat/*.jpg, pets/dog/*.jpg
  $ graft fit ./pets --freezing last --epochs 5   train the upper layers, too
  $ graft predict my-pets photo.jpg               what is it?
  $ graft evaluate my-pets ./new-pets             is it still right?
  $ graft fit reviews.csv --out my-reviews        texts: columns text and label
  $ graft predict my-reviews "a fine film"
  $ graft embed reviews.csv                       vectors, without training

Every command takes --json: one JSON document on stdout and nothing else there.

Exit codes: 0 done, 2 something in your input is wrong (one line says what), 1 a bug in Graft, 130 interrupted.
GRAFT_CACHE moves the cache, NO_COLOR takes the colours away, GRAFT_DEBUG=1 shows where an input error comes from.`;

/** The command tree; nothing heavy is loaded before a command runs. */
export function buildProgram(io: Io): Command {
  const program = new Command("graft")
    .description(STORY)
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Usage errors are told once, in one line, by whoever catches them.
      writeErr: () => {},
      getOutHasColors: () => io.colors,
    })
    .addHelpText("after", MORE);
  for (const add of [
    addQuickstart,
    addFit,
    addFindRate,
    addEvaluate,
    addPredict,
    addEmbed,
    addInspect,
    addList,
    addDoctor,
    addCache,
  ]) {
    add(program, io);
  }
  return program;
}
