import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What can be made: the package it goes to, and how the changeset calls it. */
const KINDS = {
  head: { package: "heads", noun: "head" },
  freezing: { package: "freezing", noun: "freezing strategy" },
};

const TEMPLATES = fileURLToPath(new URL("./templates/", import.meta.url));
const USAGE = "pnpm new <head|freezing> <name>";

/** Writes a plugin into the repository at `root`; returns what was written, relative to it. */
export function scaffold(root, kind, name, rest = []) {
  if (kind === undefined || name === undefined || rest.length > 0) throw refuse(`expected a kind and a name: ${USAGE}`);
  if (!Object.hasOwn(KINDS, kind)) throw refuse(`unknown kind "${kind}"; known: ${Object.keys(KINDS).join(", ")}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw refuse(`expected a name in kebab-case, such as my-${kind}; received "${name}"`);
  const { package: folder, noun } = KINDS[kind];
  const source = `packages/${folder}/src`;
  const barrel = `${source}/index.ts`;
  const files = {
    [`${source}/${name}.ts`]: render(kind, ".ts", name),
    [`${source}/${name}.test.ts`]: render(kind, ".test.ts", name),
    [`.changeset/${name}.md`]: `---\n"@graft-ml/${folder}": minor\n---\n\nAdd the \`${name}\` ${noun}.\n`,
  };
  const taken = Object.keys(files).find((file) => existsSync(join(root, file)));
  if (taken !== undefined) throw refuse(`${taken} exists already; choose another name`);
  const lines = readFileSync(join(root, barrel), "utf8");
  if (new RegExp(`\\b${camelCase(name)}\\b`).test(lines))
    throw refuse(`${barrel} exports ${camelCase(name)} already; choose another name`);

  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  writeFileSync(join(root, barrel), withLine(lines, `export { ${camelCase(name)} } from "./${name}.ts";`));
  return { kind, name, package: folder, files: [...Object.keys(files), barrel] };
}

/** What to do with a new plugin, for the terminal. */
export function nextSteps({ name, package: folder, files }) {
  return [
    ...files.map((file) => `wrote ${file}`),
    "",
    `1. Say what it does in packages/${folder}/src/${name}.ts: docstring with paper and equation, one-line summary, options.`,
    `2. Test what it alone promises in ${name}.test.ts; the conformance kit finds it by its line in the barrel.`,
    `3. Run: pnpm format && npx vitest run packages/${folder}`,
    "4. Go through the checklist in CONTRIBUTING.md.",
  ].join("\n");
}

/** The barrel with one line more, its exports in alphabetical order; other lines keep their places in front. */
export function withLine(barrel, line) {
  const lines = barrel.split("\n").filter((each) => each !== "");
  const at = lines.findIndex((each) => fileOf(each) !== undefined && fileOf(each) > fileOf(line));
  lines.splice(at < 0 ? lines.length : at, 0, line);
  return `${lines.join("\n")}\n`;
}

function fileOf(line) {
  return /from "(\.\/[^"]+)\.ts"/.exec(line)?.[1];
}

function render(kind, suffix, name) {
  const template = readFileSync(join(TEMPLATES, `${kind}${suffix}.txt`), "utf8");
  const camel = camelCase(name);
  return template
    .replaceAll("my-plugin", name)
    .replaceAll("myPlugin", camel)
    .replaceAll("MyPlugin", camel[0].toUpperCase() + camel.slice(1));
}

function camelCase(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** The error for a wrong command line; one line that says how to mend it. */
function refuse(message) {
  return Object.assign(new Error(`[new] ${message}`), { code: "input" });
}
