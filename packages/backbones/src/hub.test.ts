import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { bytes, cache, FILE, files, get, hub, KEY, path, SHA, waits } from "./hub-scene.fixture.ts";
import { answer, byteCounter, sendFile } from "./hub-server.fixture.ts";

const kept = async () =>
  (await readdir(cache, { recursive: true, withFileTypes: true }))
    .filter((e) => e.isFile())
    .map((e) => e.name)
    .sort();

describe("a download", () => {
  it("lands in the cache whole, and the next is not asked for", async () => {
    const events: RunEvent[] = [];
    expect(await get(SHA, { onEvent: (event) => events.push(event) })).toEqual({
      path: path(),
      bytes: bytes.length,
      sha256: SHA,
    });
    expect(Uint8Array.from(await readFile(path()))).toEqual(bytes);
    expect(events.at(-1)).toEqual({ type: "progress", stage: "download", done: bytes.length, total: bytes.length });
    await get();
    expect(hub.requests).toHaveLength(1);
    expect(await kept()).toEqual(["model.onnx", "model.onnx.pin.json"]);
  });

  it("goes on where the connection was cut", async () => {
    const { write, reached } = byteCounter();
    const taken = [reached(100_000), reached(150_000)];
    hub.tricks = [100_000, 50_000].map(
      (cut, i) => (request, response) => sendFile(request, response, bytes, { cut, taken: taken[i]! }),
    );
    expect((await get(SHA, { write })).sha256).toBe(SHA);
    expect(hub.requests.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=100000-", "bytes=150000-"]);
    expect(hub.requests[1]?.headers["if-range"]).toMatch(/^"[0-9a-f]{16}"$/);
    expect(waits).toEqual([500, 500]);
  });

  it("goes on in a later run after one that was given up", async () => {
    const { write, reached } = byteCounter();
    const taken = reached(1000);
    hub.tricks = Array.from(
      { length: 5 },
      (_, i) => (request, response) =>
        i === 0 ? sendFile(request, response, bytes, { cut: 1000, taken }) : answer(503)(request, response),
    );
    await expect(get(SHA, { write })).rejects.toThrow(
      `[backbones/hub] cannot download owner/net/onnx/model.onnx from ${new URL(hub.base).host}: the hub answers 503. Run again (it goes on after 1000 bytes), check the network and HTTPS_PROXY, or name a mirror by GRAFT_HUB`,
    );
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    await get();
    expect(hub.requests.at(-1)?.headers.range).toBe("bytes=1000-");
  });

  it("that is cut again and again is given up, and says where it stopped", async () => {
    const { write, reached } = byteCounter();
    const taken = reached(1000);
    hub.tricks = Array.from(
      { length: 5 },
      (_, i) => (request, response) =>
        i === 0
          ? sendFile(request, response, bytes, { cut: 1000, taken })
          : sendFile(request, response, bytes, { cut: 0 }),
    );
    await expect(get(SHA, { write })).rejects.toThrow(
      /^\[backbones\/hub\] cannot download owner\/net\/onnx\/model\.onnx from 127\.0\.0\.1:\d+: other side closed\. Run again \(it goes on after 1000 bytes\), check the network and HTTPS_PROXY, or name a mirror by GRAFT_HUB$/,
    );
    expect((await readFile(`${path()}.part`)).length).toBe(1000);
  });

  it("begins anew when the file has changed in between, or the part is no beginning of it", async () => {
    const { write, reached } = byteCounter();
    const taken = reached(5000);
    hub.tricks = [
      (request, response) => sendFile(request, response, Uint8Array.from(bytes).fill(9, 0, 2), { cut: 5000, taken }),
    ];
    expect((await get(SHA, { write })).sha256).toBe(SHA);
    await rm(path());
    await writeFile(`${path()}.part`, new Uint8Array(bytes.length + 5));
    expect((await get()).sha256).toBe(SHA);
  });

  it("takes a part that is whole already, and only checks it", async () => {
    await mkdir(dirname(path()), { recursive: true });
    await writeFile(`${path()}.part`, bytes);
    expect((await get()).sha256).toBe(SHA);
    expect(hub.requests).toHaveLength(1);
    expect(await kept()).toEqual(["model.onnx", "model.onnx.pin.json"]);
  });

  it("is shared by callers of one process, and interrupting one leaves the other", async () => {
    const stop = new AbortController();
    hub.tricks = [
      (request, response) => {
        setTimeout(() => stop.abort(), 30);
        return sendFile(request, response, bytes, { cut: 10 });
      },
    ];
    const [first, second, third] = await Promise.allSettled([
      get(SHA, { signal: stop.signal, sleep: () => new Promise((r) => setTimeout(r, 60)) }),
      get(),
      get(),
    ]);
    expect(first).toMatchObject({
      status: "rejected",
      reason: { code: "interrupted", message: "[backbones/hub] interrupted" },
    });
    expect([second?.status, third?.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(hub.requests).toHaveLength(2);
  });

  it("waits for another process's, and takes over a dead one's lock", async () => {
    await mkdir(dirname(path()), { recursive: true });
    await writeFile(`${path()}.lock`, "1");
    const waiting = get();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(hub.requests).toHaveLength(0);
    await writeFile(path(), bytes);
    expect((await waiting).sha256).toBe(SHA);
    await rm(path());
    const { utimes } = await import("node:fs/promises");
    await utimes(`${path()}.lock`, new Date(0), new Date(0));
    expect((await get()).sha256).toBe(SHA);
    expect(hub.requests).toHaveLength(1);
  });

  it("counts a silent connection as cut", async () => {
    hub.tricks = Array.from({ length: 5 }, () => (_: unknown, response: { flushHeaders(): void }) => {
      response.flushHeaders();
      return true;
    });
    await expect(get(SHA, { idle: 40 })).rejects.toThrow("no data for 0.04 s");
  });
});

describe("hashes", () => {
  const other = "0".repeat(64);

  it("refuse a file that is not the card's, and keep nothing", async () => {
    await expect(get(other)).rejects.toThrow(
      `[backbones/hub] expected owner/net/onnx/model.onnx with the card's sha256 ${other}; received ${SHA}. It was not kept. Check the mirror that GRAFT_HUB names`,
    );
    expect(await kept()).toEqual([]);
  });

  it("that are unverified are pinned by the first download", async () => {
    expect((await get("unverified")).sha256).toBe(SHA);
    expect(JSON.parse(await readFile(`${path()}.pin.json`, "utf8"))).toEqual({
      ...FILE,
      sha256: SHA,
      bytes: bytes.length,
    });
    await rm(path());
    files[KEY] = bytes.slice(1);
    const found = createHash("sha256").update(bytes.slice(1)).digest("hex");
    await expect(get("unverified")).rejects.toThrow(
      `[backbones/hub] expected owner/net/onnx/model.onnx with sha256 ${SHA} pinned at the first download; received ${found}. Delete ${path()}.pin.json if the change is meant`,
    );
    expect(await kept()).toEqual(["model.onnx.pin.json"]);
  });

  it("find a file that was damaged in the cache, and remove it", async () => {
    await get("unverified");
    await writeFile(path(), "damaged");
    await expect(get("unverified")).rejects.toThrow(`with sha256 ${SHA} in the cache; received`);
    expect(await kept()).toEqual(["model.onnx.pin.json"]);
    expect((await get("unverified")).sha256).toBe(SHA);
  });

  it("that the hub announces are held, too", async () => {
    hub.tricks = [
      (request, response) => sendFile(request, response, bytes, { headers: { "x-linked-etag": `"${other}"` } }),
    ];
    await expect(get("unverified")).rejects.toThrow(
      `with sha256 ${other} that the hub announced; received ${SHA}. Run again`,
    );
    expect(await kept()).toEqual([]);
  });

  it("refuse a pin that says nothing", async () => {
    await get("unverified");
    await writeFile(`${path()}.pin.json`, "{}");
    await expect(get("unverified")).rejects.toThrow(
      `[backbones/hub] ${path()}.pin.json holds no sha256. Delete it and ${path()} to download anew`,
    );
  });
});
