/** `pnpm new <kind> <name>`: a new plugin that works, its test, its line in the barrel, and a changeset. */
import { fileURLToPath } from "node:url";
import { nextSteps, scaffold } from "./new/scaffold.mjs";

const [kind, name, ...rest] = process.argv.slice(2);

try {
  const made = scaffold(fileURLToPath(new URL("..", import.meta.url)), kind, name, rest);
  console.log(nextSteps(made));
} catch (error) {
  if (error.code !== "input") throw error;
  console.error(error.message);
  process.exitCode = 2;
}
