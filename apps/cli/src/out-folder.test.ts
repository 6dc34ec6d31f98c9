import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratch } from "./io.fixture.ts";
import { outFolder } from "./out-folder.ts";

it("names the default folder after data and plugins, and never takes one twice", async () => {
  const cwd = await scratch();
  const settings = { data: "/photos/my pets!", head: { name: "mlp", hidden: [8] } };
  const first = join(cwd, "graft-runs", "my-pets-efficientnet-lite0-frozen-mlp");
  expect(await outFolder(settings, cwd)).toBe(first);
  await mkdir(first, { recursive: true });
  expect(await outFolder(settings, cwd)).toBe(`${first}-2`);
  expect(await outFolder({ ...settings, force: true }, cwd)).toBe(first);
});

it("lets no name of a folder climb out of graft-runs", async () => {
  expect(await outFolder({ data: "/photos/..", head: "../../x" }, "/w")).toBe(
    "/w/graft-runs/efficientnet-lite0-frozen-x",
  );
});

it("refuses files, foreign folders, and bundles without force", async () => {
  const cwd = await scratch();
  await writeFile(join(cwd, "file"), "");
  await mkdir(join(cwd, "own"));
  await writeFile(join(cwd, "own", "thesis.txt"), "");
  await mkdir(join(cwd, "bundle"));
  await writeFile(join(cwd, "bundle", "graft.json"), "{}");
  await mkdir(join(cwd, "empty"));
  const to = (out: string, force = false) => outFolder({ data: "d", out, force }, cwd);
  await expect(to("file")).rejects.toThrow("expected a folder to write to");
  await expect(to("own", true)).rejects.toThrow('holds "thesis.txt", which is no part of a bundle');
  await expect(to("bundle")).rejects.toThrow("say --force to replace it");
  expect(await to("bundle", true)).toBe(join(cwd, "bundle"));
  expect(await to("empty")).toBe(join(cwd, "empty"));
  expect(await to("new")).toBe(join(cwd, "new"));
});
