/**
 * `pnpm native`: makes the native addon of TensorFlow for Node usable, so that the `tfjs-node` engine is available.
 * Tries what is there, then the package's own download, then a build against the libraries of a Python wheel.
 */
import { runInstallScript } from "./native/install-script.mjs";
import { locate, probe } from "./native/package.mjs";
import { buildFromWheel } from "./native/wheel.mjs";

const say = (message) => console.error(`[native] ${message}`);

async function main() {
  const folder = locate();
  let seen = await probe(folder);
  if (seen.ok) return say(`ready: TensorFlow ${seen.version} at ${folder}`);
  say(`the addon does not load yet (${seen.reason})`);

  say("trying the package's own download");
  const refused = await runInstallScript(folder);
  seen = await probe(folder);
  if (refused === undefined && seen.ok) return say(`ready: TensorFlow ${seen.version}, downloaded`);
  say(`no download (${refused ?? seen.reason}); building against the libraries of a Python wheel`);

  await buildFromWheel(folder, say);
  seen = await probe(folder);
  if (!seen.ok) throw new Error(`the addon was built but does not load: ${seen.reason}`);
  say(`ready: TensorFlow ${seen.version}, built`);
}

main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
