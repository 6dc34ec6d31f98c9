import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";
import { cacheReport, pruneCache } from "./cache-report.ts";
import { featureStore } from "./feature-store.ts";
import { testFolder } from "./folder.fixture.ts";

test("finds the system's place for caches", () => {
  const home = homedir();
  expect(cacheFolder({ GRAFT_CACHE: "some/where" }, "linux")).toBe(resolve("some/where"));
  expect(cacheFolder({}, "linux")).toBe(join(home, ".cache", "graft"));
  expect(cacheFolder({ XDG_CACHE_HOME: "/var/x" }, "linux")).toBe("/var/x/graft");
  expect(cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux")).toBe(join(home, ".cache", "graft"));
  expect(cacheFolder({}, "darwin")).toBe(join(home, "Library", "Caches", "graft"));
  expect(cacheFolder({ LOCALAPPDATA: "/local" }, "win32")).toBe(join("/local", "graft", "Cache"));
});

async function filled(): Promise<{ directory: string; keys: string[] }> {
  const directory = testFolder();
  const store = featureStore({ directory });
  const keys: string[] = [];
  for (const [i, boundary] of ["a", "b", "c"].entries()) {
    const parts = { weights: "w", boundary, precision: "f32", preprocessing: {}, decoder: "d", dims: [100] } as const;
    const space = await store.open(parts);
    await space.append(["00000000", "11111111"], new Float32Array(200));
    await space.append(["11111111"], new Float32Array(100));
    const date = new Date(Date.now() - i * 24 * 60 * 60 * 1000);
    utimesSync(join(directory, "features", space.key, "space.json"), date, date);
    keys.push(space.key);
  }
  mkdirSync(join(directory, "features", "other"));
  return { directory, keys };
}

test("reports what is stored, last used first, and nothing of others", async () => {
  const { directory, keys } = await filled();
  const report = await cacheReport(directory);
  expect(report.spaces.map(({ key, weights, boundary, samples }) => [key, weights, boundary, samples])).toEqual([
    [keys[0], "w", "a", 2],
    [keys[1], "w", "b", 2],
    [keys[2], "w", "c", 2],
  ]);
  expect(report.bytes).toBe(report.spaces.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(report.spaces[0]!.bytes).toBeGreaterThan(1200);
  expect(Date.parse(report.spaces[1]!.lastUsed)).toBeLessThan(Date.now() - 80_000_000);

  writeFileSync(join(directory, "features", keys[0]!, "space.json"), "{damaged");
  expect((await cacheReport(directory)).spaces[0]).toMatchObject({
    weights: "unknown",
    boundary: "unknown",
    samples: 0,
  });
  expect(await cacheReport(join(directory, "none"))).toEqual({
    directory: join(directory, "none"),
    bytes: 0,
    spaces: [],
  });
});

test("prunes by age, by size or everything", async () => {
  const { directory, keys } = await filled();
  const left = () => readdirSync(join(directory, "features")).sort();
  const { spaces, bytes } = await cacheReport(directory);
  expect(await pruneCache({ directory, olderThanDays: 1.5 })).toEqual({ removed: [keys[2]], bytes: spaces[2]!.bytes });
  expect(await pruneCache({ directory, toBytes: bytes })).toEqual({ removed: [], bytes: 0 });
  expect(await pruneCache({ directory, toBytes: spaces[0]!.bytes })).toMatchObject({ removed: [keys[1]] });
  expect(left()).toEqual([keys[0], "other"].sort());
  expect(await pruneCache({ directory, all: true })).toMatchObject({ removed: [keys[0]] });
  expect(left()).toEqual(["other"]);
  await expect(pruneCache({ directory })).rejects.toThrow(
    "[data/feature-store] expected all, olderThanDays or toBytes; received none. Say what to remove",
  );
});
