import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FeatureSpaceParts, featureStore } from "./feature-store.ts";
import { testFolder } from "./folder.fixture.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const parts: FeatureSpaceParts = {
  weights: "a".repeat(64),
  boundary: "blocks.3/output",
  precision: "f16",
  preprocessing: { tokens: 64 },
  decoder: "test-1",
  dims: [2, 3],
};

const hash = (i: number) => i.toString(16).padStart(64, "0");
const hashes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => hash(from + i));
/** Values that a half holds exactly: row i is i, i + 1/4, ... */
const rows = (from: number, to: number, each = 6) =>
  Float32Array.from({ length: (to - from) * each }, (_, k) => from + Math.floor(k / each) + (k % each) / 4);

function setUp(directory: string = testFolder(), limitBytes?: number) {
  const notices: string[] = [];
  const store = featureStore({
    directory,
    onNotice: (m) => notices.push(m),
    ...(limitBytes !== undefined && { limitBytes }),
  });
  return { directory, notices, store };
}

const shardsOf = (directory: string, key: string) =>
  readdirSync(join(directory, "features", key))
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .map((name) => join(directory, "features", key, name));

test("gives back what was appended, also when opened anew", async () => {
  const { directory, store, notices } = setUp();
  const space = await store.open(parts);
  expect(await space.missing(hashes(0, 3))).toEqual([0, 1, 2]);
  await space.append(hashes(0, 5), rows(0, 5));
  await space.append(hashes(5, 8), rows(5, 8));
  for (const opened of [space, await setUp(directory).store.open({ ...parts })]) {
    expect(opened.key).toBe(space.key);
    expect([opened.samples, opened.bytes, opened.has(hash(7)), opened.has(hash(8))]).toEqual([8, 96, true, false]);
    const out = new Float32Array(4 * 6);
    expect(await opened.readInto([hash(7), hash(99), hash(0), hash(1)], out)).toEqual([1]);
    expect(out).toEqual(Float32Array.of(...rows(7, 8), ...new Float32Array(6), ...rows(0, 2)));
    expect(await opened.read(hash(3))).toEqual(rows(3, 4));
    expect(await opened.read(hash(99))).toBeUndefined();
    expect([...(await opened.get([hash(6), hash(99)]))]).toEqual([[hash(6), rows(6, 7)]]);
    expect(await opened.missing([hash(4), hash(44)])).toEqual([1]);
  }
  expect(notices).toEqual([]);
});

test("is a file that any safetensors reader opens", async () => {
  const { directory, store } = setUp();
  const { key, append } = await store.open(parts);
  await append(hashes(0, 2), rows(0, 2));
  const { tensors, metadata } = readSafetensors(readFileSync(shardsOf(directory, key)[0]!));
  expect(tensors.features).toMatchObject({ dtype: "float16", dims: [2, 2, 3] });
  expect(metadata.hashes).toBe(`${hash(0)} ${hash(1)}`);
  expect(JSON.parse(readFileSync(join(directory, "features", key, "space.json"), "utf8"))).toEqual({
    format: 1,
    ...parts,
  });
});

test("another value of any part is another space, another order is not", async () => {
  const { store } = setUp();
  const changed: FeatureSpaceParts[] = [
    parts,
    { ...parts, weights: "b" },
    { ...parts, boundary: "b" },
    { ...parts, precision: "f32" },
    { ...parts, preprocessing: { tokens: 65 } },
    { ...parts, decoder: "test-2" },
    { ...parts, dims: [3, 2] },
  ];
  const keys = new Set<string>();
  for (const each of changed) keys.add((await store.open(each)).key);
  expect(keys.size).toBe(7);
  const reversed = Object.fromEntries(Object.entries(parts).reverse()) as unknown as FeatureSpaceParts;
  expect(keys).toContain((await store.open(reversed)).key);
});

test("keeps a shard in floats where a half would overflow", async () => {
  const { directory, store } = setUp();
  const space = await store.open(parts);
  const values = rows(0, 1).fill(70_000.5, 2, 3);
  await space.append([hash(0)], values);
  await space.append([hash(1)], rows(1, 2));
  const dtypes = shardsOf(directory, space.key).map(
    (path) => readSafetensors(readFileSync(path)).tensors.features?.dtype,
  );
  expect(dtypes.sort()).toEqual(["float16", "float32"]);
  const again = await setUp(directory).store.open(parts);
  expect(await again.read(hash(0))).toEqual(values);
  expect(await again.read(hash(1))).toEqual(rows(1, 2));
});

test.each<[string, (path: string) => void, RegExp]>([
  ["cut short", (path) => truncateSync(path, readFileSync(path).length - 5), /cut short or too long\)/],
  ["cut to nothing", (path) => truncateSync(path, 0), /expected at least 8 bytes; received 0/],
  ["with a flipped bit in its data", (path) => flip(path, -3), /expected the checksum of its data; received another/],
  [
    "with a flipped bit in a hash",
    (path) => replace(path, hash(1), hash(65)),
    /expected the checksum of its data; received another/,
  ],
  ["with a header that lies about its length", (path) => flip(path, 7), /expected a header of at most 16777216 bytes/],
  [
    "of another shape",
    (path) => writeFileSync(path, foreign([2, 2, 4])),
    /expected one tensor "features" \[2, 2, 3\]; received another shape/,
  ],
])("a shard %s is removed, and its samples are computed again", async (_, damage, reason) => {
  const { directory, store } = setUp();
  const { key, append } = await store.open(parts);
  await append(hashes(0, 2), rows(0, 2));
  const [damaged] = shardsOf(directory, key);
  await append(hashes(2, 4), rows(2, 4));
  damage(damaged!);

  const { store: other, notices } = setUp(directory);
  const space = await other.open(parts);
  const wanted = hashes(0, 4);
  expect(await space.missing(wanted)).toEqual([0, 1]);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^removed a damaged file of cached features, \S+\.safetensors \(\[data\/[^\n]+; they are computed again$/,
  );
  expect(notices[0]).toMatch(reason);
  expect(existsSync(damaged!)).toBe(false);

  await space.append(hashes(0, 2), rows(0, 2));
  const out = new Float32Array(24);
  expect(await space.readInto(wanted, out)).toEqual([]);
  expect(out).toEqual(rows(0, 4));
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const i = at < 0 ? bytes.length + at : at;
  bytes[i] = bytes[i]! ^ 0x10;
  writeFileSync(path, bytes);
}

function replace(path: string, from: string, to: string): void {
  writeFileSync(path, Buffer.from(readFileSync(path).toString("latin1").replace(from, to), "latin1"));
}

function foreign(dims: readonly number[]): Uint8Array {
  const features = {
    dtype: "float16",
    dims,
    data: new Uint16Array(dims.reduce((product, dim) => product * dim, 1)),
  } as const;
  return writeSafetensors({ features }, { hashes: hashes(0, 2).join(" "), crc32: "00000000" });
}

test("damage found while reading is a miss, not an error", async () => {
  const { directory, store } = setUp();
  const { key, append } = await store.open(parts);
  await append(hashes(0, 2), rows(0, 2));
  flip(shardsOf(directory, key)[0]!, -1);
  const { store: other, notices } = setUp(directory);
  const space = await other.open(parts);
  expect(space.has(hash(0))).toBe(true);
  expect(await space.readInto(hashes(0, 2), new Float32Array(12))).toEqual([0, 1]);
  expect([space.has(hash(0)), space.samples, space.bytes, notices.length]).toEqual([false, 0, 0, 1]);
});

test("a space that another process pruned is a miss, and may be filled again", async () => {
  const { directory, store, notices } = setUp();
  const space = await store.open(parts);
  await space.append(hashes(0, 2), rows(0, 2));
  rmSync(join(directory, "features"), { recursive: true });
  expect(await space.read(hash(0))).toBeUndefined();
  await space.append(hashes(0, 2), rows(0, 2));
  expect(await (await setUp(directory).store.open(parts)).read(hash(1))).toEqual(rows(1, 2));
  expect(notices).toEqual([]);
});

test("what the system cannot read at the moment is missed, not removed", async () => {
  const { directory, store, notices } = setUp();
  const { key } = await store.open(parts);
  const folder = join(directory, "features", key, "0.safetensors");
  mkdirSync(folder);
  expect((await store.open(parts)).samples).toBe(0);
  expect(existsSync(folder)).toBe(true);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(/^cannot read cached features, \S+\.safetensors \(E[^\n]+\); they are computed again$/);
});

test("several writers at once do not lose anything", async () => {
  const { directory, store } = setUp();
  const other = setUp(directory);
  const [one, two] = await Promise.all([store.open(parts), other.store.open(parts)]);
  const work = [];
  for (let i = 0; i < 10; i++) {
    work.push(one.append(hashes(i * 4, i * 4 + 4), rows(i * 4, i * 4 + 4)));
    work.push(two.append(hashes(i * 4 + 2, i * 4 + 6), rows(i * 4 + 2, i * 4 + 6)));
  }
  await Promise.all(work);
  const space = await setUp(directory).store.open(parts);
  const out = new Float32Array(42 * 6);
  expect(await space.readInto(hashes(0, 42), out)).toEqual([]);
  expect(out).toEqual(rows(0, 42));
});

test("temporary files are never read, and swept once they are an hour old", async () => {
  const { directory, store } = setUp();
  const { key } = await store.open(parts);
  const temporary = (age: string) => join(directory, "features", key, `${age}.safetensors.0123456789ab.graft-tmp`);
  for (const age of ["young", "old"]) writeFileSync(temporary(age), "half a shard");
  const hours = new Date(Date.now() - 2 * 60 * 60 * 1000);
  utimesSync(temporary("old"), hours, hours);
  const { store: other, notices } = setUp(directory);
  expect((await other.open(parts)).samples).toBe(0);
  expect([existsSync(temporary("young")), existsSync(temporary("old")), notices]).toEqual([true, false, []]);
});

test("where the disk refuses, features stay in memory and one notice says so", async () => {
  const directory = join(testFolder(), "file");
  writeFileSync(directory, "not a folder");
  const { store, notices } = setUp(directory);
  const space = await store.open(parts);
  const values = rows(0, 2);
  await space.append(hashes(0, 2), values);
  await space.append(hashes(2, 4), rows(2, 4));
  const out = new Float32Array(24);
  expect(await space.readInto(hashes(0, 4), out)).toEqual([]);
  expect(out).toEqual(rows(0, 4));
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^cannot write to the feature cache \S+ \(ENOTDIR: [^\n]+\); features stay in memory for this run$/,
  );
});

test("a disk that refuses half-way loses nothing of the run", async () => {
  const { directory, store, notices } = setUp();
  const space = await store.open({ ...parts, precision: "f32" });
  await space.append(hashes(0, 2), rows(0, 2));
  rmSync(join(directory, "features", space.key), { recursive: true });
  writeFileSync(join(directory, "features", space.key), "in the way");
  const values = rows(2, 4);
  await space.append(hashes(2, 4), values);
  values.fill(-1);
  expect(await space.read(hash(3))).toEqual(rows(3, 4));
  expect(notices).toHaveLength(1);
});

test("the least recently used spaces go above the limit, never one in use", async () => {
  const { directory, store } = setUp();
  const keys: string[] = [];
  for (const boundary of ["old", "older", "fresh"]) {
    const space = await store.open({ ...parts, boundary });
    await space.append(hashes(0, 100), rows(0, 100));
    keys.push(space.key);
  }
  const age = (key: string, hours: number) => {
    const date = new Date(Date.now() - hours * 60 * 60 * 1000);
    utimesSync(join(directory, "features", key, "space.json"), date, date);
  };
  age(keys[0]!, 2);
  age(keys[1]!, 3);
  mkdirSync(join(directory, "features", "holiday-pictures"));
  const left = () => readdirSync(join(directory, "features")).sort();
  await setUp(directory, 15_000).store.open({ ...parts, boundary: "fresh" });
  expect(left()).toEqual([keys[0], keys[2], "holiday-pictures"].sort());
  age(keys[2]!, 1);
  await setUp(directory, 10).store.open({ ...parts, boundary: "old" });
  expect(left()).toEqual([keys[0], "holiday-pictures"].sort());
  expect(await (await store.open({ ...parts, boundary: "old" })).read(hash(99))).toEqual(rows(99, 100));
});

test("large appends become several shards", async () => {
  const { directory, store } = setUp();
  const space = await store.open({ ...parts, dims: [1 << 20] });
  const values = new Float32Array(33 << 20);
  for (let i = 0; i < 33; i++) values[i << 20] = i;
  await space.append(hashes(0, 33), values);
  expect(shardsOf(directory, space.key)).toHaveLength(2);
  expect((await space.read(hash(32)))?.[0]).toBe(32);
});

test("refuses what would not fit", async () => {
  const { store } = setUp();
  const space = await store.open(parts);
  await expect(space.append(hashes(0, 2), rows(0, 1))).rejects.toThrow(
    "[data/feature-store] expected 12 values for [2, 2, 3]; received 6",
  );
  expect(() => space.readInto([hash(0)], rows(0, 2))).toThrow(
    "[data/feature-store] expected 6 values for [1, 2, 3]; received 12",
  );
  await expect(space.append(["../x"], rows(0, 1))).rejects.toThrow(
    '[data/feature-store] expected hashes of 8 to 128 hexadecimal digits; received "../x"',
  );
  await expect(store.open({ ...parts, dims: [0] })).rejects.toThrow(
    "[data/feature-store] expected dims of positive integers; received [0]",
  );
});
