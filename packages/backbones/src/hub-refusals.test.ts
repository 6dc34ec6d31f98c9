import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fetchFromHub, type HubOptions } from "./hub.ts";
import { proxyFor } from "./hub-proxy.ts";
import { bytes, cache, FILE, get, hub, KEY, options, path, SHA, waits } from "./hub-scene.fixture.ts";
import { answer, hubServer, tunnelProxy } from "./hub-server.fixture.ts";

describe("refusals", () => {
  it.each([
    [
      401,
      {},
      "the hub wants to know who asks for owner/net (401). It is private, or does not exist: check the name, or set HF_TOKEN to a token that may read it",
    ],
    [
      401,
      { token: "t" },
      "the hub wants to know who asks for owner/net (401). The token in HF_TOKEN is not accepted: make a new one",
    ],
    [
      403,
      {},
      "the hub refuses owner/net (403). Accept its terms on its page, then set HF_TOKEN to a token of that account",
    ],
    [
      404,
      {},
      'the hub has no file "onnx/model.onnx" in owner/net at revision "main" (404). Check the card\'s repository, file and revision',
    ],
    [418, {}, "the hub answers 418 for owner/net/onnx/model.onnx. Check the mirror that GRAFT_HUB names"],
  ])("%i with %j ends at once", async (status, more, message) => {
    hub.tricks = [answer(status)];
    await expect(get(SHA, more)).rejects.toThrow(`[backbones/hub] ${message}`);
    expect(hub.requests).toHaveLength(1);
  });

  it("429 waits as long as the hub asks, within a bound", async () => {
    hub.tricks = [
      answer(429, { "retry-after": "7" }),
      answer(429, { "retry-after": new Date(Date.now() - 5000).toUTCString() }),
    ];
    expect((await get()).sha256).toBe(SHA);
    expect(waits).toEqual([7000, 0]);
    await rm(path());
    hub.tricks = [answer(429, { "retry-after": "3600" })];
    await expect(get()).rejects.toThrow(
      "[backbones/hub] the hub asks to wait 3600 s before owner/net (429). Run again later, or set HF_TOKEN, which allows more",
    );
  });

  it("429 without end is said, with what is here kept", async () => {
    hub.tricks = Array.from({ length: 5 }, () => answer(429));
    await expect(get()).rejects.toThrow(
      `[backbones/hub] cannot download owner/net/onnx/model.onnx from ${new URL(hub.base).host}: the hub answers 429. Run again (it goes on after 0 bytes), check the network and HTTPS_PROXY, or name a mirror by GRAFT_HUB`,
    );
    expect(waits).toEqual([500, 1000, 2000, 4000]);
  });

  it("a hub out of reach is said with its reason", async () => {
    await hub.close();
    await expect(get()).rejects.toThrow(
      /cannot download owner\/net\/onnx\/model.onnx from 127.0.0.1:\d+: connect ECONNREFUSED/,
    );
  });

  it("offline, only the cache is asked", async () => {
    const env = { GRAFT_HUB: hub.base, GRAFT_OFFLINE: "1" };
    await expect(get(SHA, { env })).rejects.toThrow(
      `[backbones/hub] owner/net/onnx/model.onnx is not in the cache, and GRAFT_OFFLINE forbids to download it. Unset it, or put the file at ${path()}`,
    );
    await get();
    expect((await get(SHA, { env })).sha256).toBe(SHA);
    expect(hub.requests).toHaveLength(1);
  });

  it("a full disk keeps what is there for the next run", async () => {
    let written = 0;
    const write: HubOptions["write"] = async (handle, chunk) => {
      if (written + chunk.length > 100_000) {
        await handle.writeFile(chunk.subarray(0, 100_000 - written));
        written = 100_000;
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      }
      written += chunk.length;
      await handle.writeFile(chunk);
    };
    await expect(get(SHA, { write })).rejects.toThrow(
      `[backbones/hub] the disk is full: owner/net/onnx/model.onnx does not fit at ${path()}.part. Free space and run again (it goes on where it stopped), or move the cache by GRAFT_CACHE`,
    );
    await get();
    expect(hub.requests.at(-1)?.headers.range).toBe("bytes=100000-");
  });

  it("a cache that is a file cannot be written", async () => {
    await writeFile(join(cache, "hub"), "");
    await expect(get()).rejects.toThrow(`[backbones/hub] cannot write ${path()}: E`);
  });

  it.each([
    [{ repository: "../net" }, 'expected a repository as "owner/name"; received "../net"'],
    [{ repository: "net" }, 'expected a repository as "owner/name"; received "net"'],
    [{ file: "../../x" }, 'expected a file of letters, digits, "/", ".", "-", "_"; received "../../x"'],
    [{ revision: "a/../../b" }, 'expected a revision of letters, digits, "/", ".", "-", "_"; received "a/../../b"'],
  ])("%j is refused before anything is asked", async (wrong, message) => {
    await expect(fetchFromHub({ ...FILE, ...wrong }, SHA, options())).rejects.toThrow(`[backbones/hub] ${message}`);
    expect(hub.requests).toHaveLength(0);
  });

  it.each(["nowhere", "ftp://127.0.0.1"])("GRAFT_HUB=%s is refused", async (base) => {
    await expect(get(SHA, { env: { GRAFT_HUB: base } })).rejects.toThrow(
      /\[backbones\/hub\] expected GRAFT_HUB to be(gin with)? /,
    );
  });
});

describe("redirects", () => {
  it("are followed; the token goes to the hub alone, and the announced hash is kept", async () => {
    const store = await hubServer({ blob: bytes });
    hub.tricks = [answer(302, { location: `${store.base}/blob`, "x-linked-etag": `"${SHA}"` })];
    expect((await get("unverified", { env: { GRAFT_HUB: hub.base, HF_TOKEN: "secret" } })).sha256).toBe(SHA);
    expect(hub.requests[0]?.headers.authorization).toBe("Bearer secret");
    expect(store.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await store.close();
  });

  it("inside the hub keep the token", async () => {
    hub.tricks = [answer(307, { location: `/${KEY}` })];
    await get(SHA, { token: "secret" });
    expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer secret", "Bearer secret"]);
  });

  it("in a circle, or to another protocol, are refused", async () => {
    hub.tricks = Array.from({ length: 9 }, () => answer(302, { location: `/${KEY}` }));
    await expect(get()).rejects.toThrow(
      "the hub redirects owner/net/onnx/model.onnx in a circle. Check the mirror that GRAFT_HUB names",
    );
    hub.tricks = [answer(302, { location: "file:///etc/passwd" })];
    await expect(get()).rejects.toThrow('the hub redirects to "file:///etc/passwd", which is not followed');
  });
});

describe("proxies", () => {
  const env = {
    HTTPS_PROXY: "http://proxy:1",
    http_proxy: "http://proxy:2",
    NO_PROXY: "local.test, .inner.test *.star.test,host.test:8443",
  };

  it.each([
    ["https://hub.test/x", "http://proxy:1"],
    ["http://hub.test/x", "http://proxy:2"],
    ["https://local.test/x", undefined],
    ["https://a.local.test/x", undefined],
    ["https://notlocal.test/x", "http://proxy:1"],
    ["https://a.inner.test/x", undefined],
    ["https://a.star.test/x", undefined],
    ["https://host.test/x", "http://proxy:1"],
    ["https://host.test:8443/x", undefined],
  ])("for %s: %s", (url, proxy) => {
    expect(proxyFor(new URL(url), env)).toBe(proxy);
    expect(proxyFor(new URL(url), { ...env, NO_PROXY: "*" })).toBeUndefined();
    expect(proxyFor(new URL(url), {})).toBeUndefined();
  });

  it("of the environment are used, but for the hosts of NO_PROXY", async () => {
    const proxy = await tunnelProxy();
    await get(SHA, { env: { GRAFT_HUB: hub.base, HTTP_PROXY: proxy.base } });
    expect(proxy.asked).toEqual([new URL(hub.base).host]);
    await rm(path());
    await get(SHA, { env: { GRAFT_HUB: hub.base, HTTP_PROXY: proxy.base, NO_PROXY: "127.0.0.1" } });
    expect(proxy.asked).toHaveLength(1);
    expect(hub.requests).toHaveLength(2);
    await proxy.close();
  });
});
