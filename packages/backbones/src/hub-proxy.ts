type Env = Readonly<Record<string, string | undefined>>;

/** `fetch` that goes through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which Node 20's own does not. */
export async function proxiedFetch(env: Env): Promise<typeof fetch> {
  if (!env.HTTPS_PROXY && !env.https_proxy && !env.HTTP_PROXY && !env.http_proxy) return fetch;
  const { fetch: send, ProxyAgent } = await import("undici");
  const agents = new Map<string, InstanceType<typeof ProxyAgent>>();
  const proxied = (url: URL, init: object) => {
    const proxy = proxyFor(url, env);
    if (proxy === undefined) return fetch(url, init);
    const agent = agents.get(proxy) ?? new ProxyAgent(proxy);
    agents.set(proxy, agent);
    return send(url, { ...init, dispatcher: agent });
  };
  // The library's types are the same standard's, declared once more.
  return proxied as unknown as typeof fetch;
}

/** The proxy that the environment names for an address, if it names one. */
export function proxyFor({ protocol, hostname, port }: URL, env: Env): string | undefined {
  const proxy = protocol === "https:" ? env.HTTPS_PROXY || env.https_proxy : env.HTTP_PROXY || env.http_proxy;
  const exempt = (env.NO_PROXY || env.no_proxy || "").split(/[\s,]+/).filter((entry) => entry !== "");
  const number = port || (protocol === "https:" ? "443" : "80");
  const isExempt = exempt.some((entry) => {
    const [, host = "", only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (entry === "*") return true;
    return (only === undefined || only === number) && (hostname === host || hostname.endsWith(`.${host}`));
  });
  return proxy && !isExempt ? proxy : undefined;
}
