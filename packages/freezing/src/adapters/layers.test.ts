import { type Adapter, float32, type GraftError, seededRandom, type Tensors } from "@graft-ml/core";
import { checkAdapter, runChecks } from "@graft-ml/testing";
import { describe, expect, it, test } from "vitest";
import { bottleneckAdapter, ia3, lora } from "./index.ts";
import { groupedConvolutions, type Odd, odd, quantized, tied } from "./odd-layers.fixture.ts";

const attach = (adapter: Adapter, { graph, groups }: Odd) => adapter.attach(graph, groups, seededRandom(1));

/** What is said to whoever calls. */
function said(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as GraftError).message;
  }
  return "nothing";
}

/** Values that the parameters of an adapter could have after training. */
function trained(adapter: Adapter, one: Odd): Tensors {
  const { graph, parameters } = attach(adapter, one);
  return Object.fromEntries(
    parameters.map((name) => {
      const { dims, data } = graph.initializers.get(name)!;
      const random = seededRandom(name);
      return [
        name,
        float32(
          dims,
          Float32Array.from(data as Float32Array, (value) => value + random.normal()),
        ),
      ];
    }),
  );
}

describe.each([
  { factory: lora, options: { r: 2, targets: "layers.*" } },
  { factory: ia3, options: { targets: "layers.*", feedforward: false } },
])("$factory.name on layers as exporters write them", ({ factory, options }) => {
  describe.each(Object.entries(odd))("%s", (name, grouped) => {
    runChecks(checkAdapter(factory, { options, graphs: { [name]: grouped } }), test);
  });
});

describe("ia3 on inputs", () => {
  const plain = Object.entries(odd).filter(([name]) => !/one kernel|query/.test(name));
  describe.each(plain)("%s", (name, grouped) => {
    const options = { feedforward: "layers.*weight", targets: "none.*" };
    it("is refused where nothing is left whose outputs are scaled", () => {
      expect(said(() => attach(ia3(options), grouped))).toContain('targets "none.*" matches no kernel of the groups');
    });
    const half = { feedforward: "layers.0.*", targets: "layers.1.*" };
    const skip = [{ check: "layers of other groups stay as they were", reason: "its patterns name both groups" }];
    runChecks(checkAdapter(ia3, { options: half, graphs: { [name]: grouped }, skip }), test);
  });
});

describe("parts of a merged kernel", () => {
  const merged = odd["one kernel for query, key and value"]!;
  const kernel = "layers.0.qkv.weight";

  it("get pairs of their own", () => {
    const { graph, parameters } = attach(lora({ r: 2 }), merged);
    const shapes = parameters.map((name) => `${name} [${graph.initializers.get(name)!.dims.join(", ")}]`);
    expect(shapes.filter((text) => text.includes("layers.0"))).toEqual([
      "adapter.layers.0.qkv.weight.query.a [6, 2]",
      "adapter.layers.0.qkv.weight.value.a [6, 2]",
      "adapter.layers.0.qkv.weight.query.b [2, 6]",
      "adapter.layers.0.qkv.weight.value.b [2, 6]",
    ]);
  });

  it.each([
    { adapter: lora(), changed: [0, 2] },
    { adapter: lora({ columns: "key" }), changed: [1] },
    { adapter: lora({ columns: ["value", "key"] }), changed: [1, 2] },
    { adapter: lora({ targets: "*qkv*" }), changed: [0, 1, 2] },
    { adapter: ia3(), changed: [1, 2] },
    { adapter: ia3({ columns: "query" }), changed: [0] },
  ])("$adapter.name changes parts $changed alone", ({ adapter, changed }) => {
    const after = adapter.merge!(merged.graph, merged.groups, trained(adapter, merged))![kernel]!;
    const before = merged.graph.initializers.get(kernel)!;
    const moved = new Set(
      Array.from(after.data as Float32Array, (value, i) => (value === before.data[i] ? -1 : Math.floor((i % 18) / 6))),
    );
    expect([...moved].filter((part) => part >= 0).sort()).toEqual(changed);
  });

  it("are those of linear layers: a convolution is adapted whole", () => {
    const { parameters } = attach(lora(), odd["a convolution for query, key and value"]!);
    expect(parameters.slice(0, 2)).toEqual(["adapter.layers.0.qkv.weight.a", "adapter.layers.0.qkv.weight.b"]);
  });

  it("are refused where a kernel has none", () => {
    const plain = odd["a transposed kernel"]!;
    expect(said(() => attach(lora({ columns: "query", targets: "*weight" }), plain))).toBe(
      '[freezing/lora] targets "*weight" matches the kernel "layers.0.weight", which does not make query, key and value at once, which columns asks for. Choose others',
    );
  });
});

describe("what no adapter can change", () => {
  it("grouped convolutions have no low rank", () => {
    expect(said(() => attach(lora({ targets: "layers.1.*" }), groupedConvolutions))).toBe(
      '[freezing/lora] targets "layers.1.*" matches the kernel "layers.1.conv.weight", which is a grouped convolution (3 groups), which has no low rank. Choose others',
    );
    expect(said(() => attach(lora(), groupedConvolutions))).toBe(
      "[freezing/lora] found no layer in the groups that it can be put on. Choose other groups",
    );
  });

  describe("their outputs can be scaled", () => {
    runChecks(checkAdapter(ia3, { graphs: { grouped: groupedConvolutions } }), test);
  });

  it("a kernel that is a table, too", () => {
    expect(said(() => attach(lora({ targets: "layers.0.weight" }), tied))).toMatch(
      /^\[freezing\/lora\] targets "layers.0.weight" matches the kernel "layers.0.weight", which is also read by "Gather[^"]*" \(Gather\). Choose others$/,
    );
  });

  it("a kernel that has an adapter", () => {
    const one = odd["a transposed kernel"]!;
    const { graph } = attach(lora(), one);
    const again = { ...one, graph };
    for (const adapter of [lora(), ia3()]) {
      expect(said(() => attach(adapter, again))).toBe(
        `[freezing/${adapter.name}] the kernel "layers.0.weight" has an adapter already. Choose others by targets`,
      );
    }
    expect(said(() => attach(lora({ targets: "layers.1.*" }), again))).toBe(
      '[freezing/lora] targets "layers.1.*" matches the kernel "layers.1.weight", which has an adapter already. Choose others',
    );
  });

  it("a kernel kept in integers takes an adapter that stays beside it", () => {
    const adapter = lora({ r: 1 });
    const { parameters } = attach(adapter, quantized);
    expect(parameters).toHaveLength(4);
    expect(adapter.merge!(quantized.graph, quantized.groups, trained(adapter, quantized))).toBeUndefined();
    expect(ia3().merge!(quantized.graph, quantized.groups, trained(ia3(), quantized))).toBeUndefined();
  });
  describe("integers", () => {
    runChecks(checkAdapter(lora, { graphs: { quantized } }), test);
  });

  it("a group without channels at its end", () => {
    const { graph } = odd["a transposed kernel"]!;
    const groups = [{ name: "all", initializers: [], boundary: "x" }];
    expect(said(() => bottleneckAdapter().attach(graph, groups, seededRandom(1)))).toBe(
      '[freezing/bottleneck-adapter] the group "all" ends at "x", float32 [batch, 4, 6], which has no channels. Choose other groups',
    );
  });
});

describe("values that do not fit", () => {
  const one = odd["a transposed kernel"]!;
  const name = "adapter.layers.0.weight.a";
  const values = trained(lora({ r: 2 }), one);
  const merge = (changed: Tensors) => said(() => lora({ r: 2 }).merge!(one.graph, one.groups, changed));

  it.each([
    ["none", {}, "[freezing/lora] found no value of a kernel in these groups, such as adapter.<kernel>.a"],
    [
      "one of two",
      { [name]: values[name]! },
      '[freezing/lora] expected a value for "adapter.layers.0.weight.b"; received none',
    ],
    [
      "another rank",
      { ...values, [name]: float32([6, 3], new Float32Array(18)) },
      `[freezing/lora] expected "${name}" to be float32 [6, 2]; received float32 [6, 3]`,
    ],
  ])("%s", (_, changed, message) => {
    expect(merge(changed)).toBe(message);
  });

  it("a factor that nothing undoes", () => {
    const zero = { "adapter.layers.0.weight.scale": float32([6], [1, 1, 0, 1, 1, 1]) };
    expect(said(() => ia3().unmerge!(one.graph, one.groups, zero))).toBe(
      '[freezing/ia3] the factor 2 of "adapter.layers.0.weight.scale" is 0, which nothing undoes. Take the base\'s initializers',
    );
  });
});

it("names what is near where a pattern matches nothing", () => {
  expect(said(() => attach(lora({ targets: "*qvk*" }), odd["one kernel for query, key and value"]!))).toBe(
    '[freezing/lora] targets "*qvk*" matches no kernel of the groups; near it: "layers.0.qkv.weight", "layers.1.qkv.weight". Patterns match whole names, * any part',
  );
});
