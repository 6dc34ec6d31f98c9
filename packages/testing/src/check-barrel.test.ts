import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkBarrel } from "./check-barrel.ts";
import { failing, failureOf } from "./failing.fixture.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "barrel-"));
  writeFileSync(
    join(folder, "my-head.mjs"),
    'export const myHead = (options = {}) => ({ name: "my-head", options });\n',
  );
  writeFileSync(join(folder, "shared.mjs"), "export const shared = (name) => ({ name });\n");
  writeFileSync(join(folder, "index.mjs"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("passes a barrel of all plugins; a file that makes them for others is none", async () => {
  expect(await failing(checkBarrel({ myHead: () => ({ name: "my-head" }) }, folder))).toEqual({});
});

it("catches a plugin that is not exported", async () => {
  expect(await failureOf(checkBarrel({}, folder), "every plugin file is exported")).toContain(
    "expected the index to export myHead of my-head.mjs",
  );
});

it("catches a plugin with another name, and one without a file", async () => {
  const check = "every plugin is named as its export and its file";
  expect(await failureOf(checkBarrel({ myHead: () => ({ name: "head" }) }, folder), check)).toContain(
    'myHead() to be named "my-head"; received "head"',
  );
  expect(await failureOf(checkBarrel({ other: () => ({ name: "other" }) }, folder), check)).toContain(
    "expected the file other.ts",
  );
});
