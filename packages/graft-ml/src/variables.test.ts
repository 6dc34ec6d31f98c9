import { readFileSync } from "node:fs";
import { efficientnetLite0, minilmL6 } from "@graft-ml/backbones";
import {
  type Adapter,
  type Backbone,
  type FreezingPhase,
  type FreezingStrategy,
  fromBarrel,
  type Preprocessing,
  seededRandom,
  sizeOf,
} from "@graft-ml/core";
import * as freezing from "@graft-ml/freezing";
import { tinyBackbone } from "@graft-ml/testing";
import { describe, expect, it } from "vitest";
import { cutForPhase, type PhaseCut } from "./variables.ts";

// Expected counts: tools/golden/architectures/parameter_roles.py, PyTorch's modules.
const golden = JSON.parse(
  readFileSync(new URL("../../runtime/golden/parameter-roles.json", import.meta.url), "utf8"),
) as { readonly backbones: Readonly<Record<string, Readonly<Record<string, number>>>> };

const tiny = tinyBackbone(3);
const all = tiny.groups.map(({ name }) => ({ name, rate: 1 }));
const phase = (change: Partial<FreezingPhase> = {}): FreezingPhase => ({
  groups: all,
  normalization: "frozen",
  ...change,
});

describe("what trains", () => {
  it.each<[what: string, phase: FreezingPhase, names: readonly string[]]>([
    ["kernels while normalisation is frozen", phase(), ["conv.weight"]],
    [
      "scale and shift too where it is affine",
      phase({ normalization: "affine" }),
      ["conv.weight", "norm.weight", "norm.bias"],
    ],
    [
      "scale and shift too where it is live",
      phase({ normalization: "live" }),
      ["conv.weight", "norm.weight", "norm.bias"],
    ],
    ["parameters of the roles alone", phase({ roles: ["shift"], normalization: "affine" }), ["norm.bias"]],
    ["no role of a frozen normalisation", phase({ roles: ["scale", "kernel"] }), ["conv.weight"]],
  ])("%s", (_, each, names) => {
    expect(Object.keys(cutForPhase(tiny, each).rates)).toEqual(
      [0, 1, 2].flatMap((i) => names.map((name) => `blocks.${i}.${name}`)),
    );
  });

  it("has the rate of its group", () => {
    const { rates } = cutForPhase(tiny, phase({ groups: [{ name: "blocks.1", rate: 0.5 }] }));
    expect(rates).toEqual({ "blocks.1.conv.weight": 0.5 });
  });
});

describe("the boundary", () => {
  const boundary = (each: FreezingPhase, parameters?: readonly string[]): string =>
    cutForPhase(tiny, each, parameters).boundary;
  const after = (name: string): string => tiny.groups.find((group) => group.name === name)!.boundary;

  it("is the input, the value below the lowest thawed group, or the features", () => {
    expect(boundary(phase())).toBe("image");
    expect(boundary(phase({ groups: all.slice(1) }))).toBe(after("blocks.0"));
    expect(boundary(phase({ groups: [] }))).toBe("features");
  });

  it("does not count groups that have nothing to train", () => {
    const cut = cutForPhase(tiny, phase({ roles: ["bias"] }));
    expect([cut.boundary, cut.trained, cut.frozen.length]).toEqual(["features", [], 3]);
  });

  it("lies below the lowest group with a part of an adapter, which groups without one do not lower", () => {
    const { lora } = freezing.adapters;
    const adapted = lora({ targets: "blocks.2.*,blocks.1.*" }).attach(tiny.graph, tiny.groups, seededRandom(1));
    const cut = cutForPhase({ ...tiny, graph: adapted.graph }, phase({ groups: [] }), adapted.parameters);
    expect(cut.boundary).toBe(after("blocks.0"));
    expect(Object.keys(cut.rates)).toEqual(adapted.parameters);
    expect(cut.trained).toEqual([]);
  });

  it("refuses a group that is none", () => {
    expect(() => boundary(phase({ groups: [{ name: "block.1", rate: 1 }] }))).toThrow(
      '[graft/freezing] unknown layer group "block.1"; did you mean "blocks.1"? known: blocks.0, blocks.1, blocks.2',
    );
  });
});

describe("on real networks", () => {
  const cutOf = (backbone: Backbone<Preprocessing>, strategy: FreezingStrategy): PhaseCut & { numbers: number } => {
    const { adapters = [], ...each } = strategy.plan(backbone.groups, {}).phases[0]!;
    let { graph } = backbone;
    const parameters: string[] = [];
    for (const plan of adapters) {
      const adapter = fromBarrel<Adapter>("test", "adapter", freezing.adapters, plan.adapter, plan.options);
      const adapted = adapter.attach(graph, backbone.groups, seededRandom(1));
      graph = adapted.graph;
      parameters.push(...adapted.parameters);
    }
    const cut = cutForPhase({ ...backbone, graph }, each, parameters);
    const numbers = Object.keys(cut.rates).reduce((sum, name) => sum + sizeOf(graph.initializers.get(name)!.dims), 0);
    return { ...cut, numbers };
  };

  it("trains as many numbers as PyTorch's parameters of these names: EfficientNet-Lite0", async () => {
    const backbone = await efficientnetLite0().load();
    // 1000 biases and 1280 thousand weights are the classifier's, which the backbone leaves out.
    const { shift, scale } = golden.backbones["efficientnet-lite0"]!;
    expect(cutOf(backbone, freezing.bitfit()).numbers).toBe(shift);
    expect(cutOf(backbone, freezing.normOnly()).numbers).toBe(scale! + shift!);
  });

  it("trains as many numbers as PyTorch's parameters of these names: MiniLM-L6", async () => {
    const backbone = await minilmL6().load();
    const { bias, shift, scale } = golden.backbones["minilm-l6"]!;
    const bitfit = cutOf(backbone, freezing.bitfit());
    expect(bitfit.numbers).toBe(bias! + shift!);
    expect(bitfit.boundary).toBe(backbone.card.input);
    expect(cutOf(backbone, freezing.normOnly()).numbers).toBe(scale! + shift!);
  });

  it("puts LoRA on queries and values, and caches the embeddings, which have none: MiniLM-L6", async () => {
    const backbone = await minilmL6().load();
    const lora = cutOf(backbone, freezing.lora());
    expect([lora.numbers, lora.boundary]).toEqual([73_728, "embeddings"]);
  });
});
