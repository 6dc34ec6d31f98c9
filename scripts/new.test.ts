import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { type Check, checkFreezing, checkHead, runChecks } from "../packages/testing/src/index.ts";
import { nextSteps, scaffold, withLine } from "./new/scaffold.mjs";
import { typeErrors } from "./new/type-check.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "new-"));
  for (const folder of ["heads", "freezing"]) {
    mkdirSync(join(root, `packages/${folder}/src`), { recursive: true });
    writeFileSync(
      join(root, `packages/${folder}/src/index.ts`),
      'export { alder } from "./alder.ts";\nexport { oak } from "./oak.ts";\n',
    );
  }
  return () => rmSync(root, { recursive: true, force: true });
});

const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe("scaffold", () => {
  it("writes the plugin, its test, its line in the barrel and a changeset", () => {
    const made = scaffold(root, "head", "my-head");
    expect(made.files).toEqual([
      "packages/heads/src/my-head.ts",
      "packages/heads/src/my-head.test.ts",
      ".changeset/my-head.md",
      "packages/heads/src/index.ts",
    ]);
    expect(read("packages/heads/src/my-head.ts")).toContain("export function myHead(options: PlainOptions = {})");
    expect(read("packages/heads/src/my-head.test.ts")).toContain('import { myHead } from "./my-head.ts";');
    expect(read(".changeset/my-head.md")).toBe('---\n"@graft-ml/heads": minor\n---\n\nAdd the `my-head` head.\n');
    expect(read("packages/heads/src/index.ts")).toBe(
      'export { alder } from "./alder.ts";\nexport { myHead } from "./my-head.ts";\nexport { oak } from "./oak.ts";\n',
    );
    expect(nextSteps(made)).toContain("npx vitest run packages/heads");
  });

  it.each([
    [["head", "MyHead"], '[new] expected a name in kebab-case, such as my-head; received "MyHead"'],
    [["head", "../evil"], '[new] expected a name in kebab-case, such as my-head; received "../evil"'],
    [["haed", "my-head"], '[new] unknown kind "haed"; known: head, freezing'],
    [["toString", "my-head"], '[new] unknown kind "toString"; known: head, freezing'],
    [["head"], "[new] expected a kind and a name: pnpm new <head|freezing> <name>"],
    [["head", "oak"], "[new] packages/heads/src/index.ts exports oak already; choose another name"],
  ])("refuses %j", (args, message) => {
    expect(() => scaffold(root, ...(args as [string, string]))).toThrow(message);
    expect(existsSync(join(root, ".changeset"))).toBe(false);
  });

  it("refuses a name whose file exists, and leaves it alone", () => {
    scaffold(root, "freezing", "elm");
    const before = read("packages/freezing/src/index.ts");
    expect(() => scaffold(root, "freezing", "elm")).toThrow(
      "[new] packages/freezing/src/elm.ts exists already; choose another name",
    );
    expect(read("packages/freezing/src/index.ts")).toBe(before);
  });

  it("adds the first and the last line of a barrel", () => {
    const line = 'export { ash } from "./ash.ts";';
    expect(withLine("", line)).toBe(`${line}\n`);
    expect(withLine('export { zelkova } from "./zelkova.ts";\n', line)).toBe(
      `${line}\nexport { zelkova } from "./zelkova.ts";\n`,
    );
  });

  it("says what was wrong on one line and exits 2", () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(ROOT, "scripts/new.mjs"), "head", "My Head"], {
      encoding: "utf8",
    });
    expect([status, stdout, stderr]).toEqual([
      2,
      "",
      '[new] expected a name in kebab-case, such as my-head; received "My Head"\n',
    ]);
  });
});

/** Templates rendered beside the package's sources, so that their imports resolve; the folder goes when the tests are done. */
describe.each([
  ["head", "heads", "scaffolded", checkHead],
  ["freezing", "freezing", "scaffolded", checkFreezing],
] as const)("the %s template", (kind, folder, name, check) => {
  const home = join(ROOT, `packages/${folder}/src/.scaffold-${process.pid}`);
  const file = join(home, `packages/${folder}/src/${name}.ts`);
  let checks: readonly Check[] = [];
  let testText: string;

  beforeAll(async () => {
    mkdirSync(join(home, `packages/${folder}/src`), { recursive: true });
    writeFileSync(join(home, `packages/${folder}/src/index.ts`), "");
    scaffold(home, kind, name);
    // Nothing that a test runner could find.
    testText = readFileSync(file.replace(/ts$/, "test.ts"), "utf8");
    rmSync(file.replace(/ts$/, "test.ts"));
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"./', '"../../../../'));
    const module = (await import(/* @vite-ignore */ file)) as Record<string, never>;
    checks = check(module[name] as never, { name });
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it("type-checks", () => {
    expect(typeErrors([file], { [file.replace(/ts$/, "test.ts")]: testText })).toEqual([]);
  });

  runChecks(
    check((() => {}) as never).map(({ name: promise }, i) => ({ name: promise, run: () => checks[i]!.run() })),
    test,
  );
});
