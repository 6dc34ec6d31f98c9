import {
  type Adapted,
  type Adapter,
  float32,
  type Graph,
  type LayerGroup,
  onlyOptions,
  type PlainOptions,
  type Random,
  type Tensor,
} from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { describe, expect, it, test } from "vitest";
import { runChecks } from "./check.ts";
import { checkAdapter } from "./check-adapter.ts";
import { failing, failureOf } from "./failing.fixture.ts";

/** What a defect changes of the good adapter. */
interface Defect {
  readonly name?: string;
  readonly summary?: string;
  /** Draws a first value. Default: 0. */
  readonly first?: (random: Random) => number;
  readonly prefix?: string;
  readonly attached?: (adapted: Adapted, base: Graph) => Adapted;
  /** Multiplies the shift. Default: 1. */
  readonly gain?: number;
  readonly sign?: number;
  /** The end that gets a shift. Default: that of each group. */
  readonly places?: (groups: readonly LayerGroup[]) => readonly LayerGroup[];
  readonly lax?: boolean;
}

/** Adds a trained vector to the end of each group; merged into the last bias or the last shift that makes the end. */
function shift(defect: Defect = {}): (options?: PlainOptions) => Adapter {
  const { prefix = "adapter.", first = () => 0, gain = 1, places = (groups) => groups } = defect;
  return (options = {}) => {
    if (defect.lax !== true) onlyOptions("freezing/shift", options, []);
    return {
      name: defect.name ?? "shift",
      summary: defect.summary ?? "add a vector to the end of each group, for tests",
      attach(graph, groups, random) {
        const ends = new Map(places(groups).map((group) => [group.boundary, group]));
        const reserved = new Set(graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
        const g = graphBuilder({ ...graph, nodes: [], outputs: [] }, {}, reserved);
        const parameters: string[] = [];
        for (const node of graph.nodes) {
          const group = ends.get(node.outputs[0]!);
          if (group === undefined) {
            g.append(node);
            continue;
          }
          const output = g.fresh("shift/base");
          g.append({ ...node, name: output, outputs: [output] });
          const { dims } = g.value(output);
          const channel = dims.length === 4 ? 1 : dims.length - 1;
          const name = `${prefix}${group.name}.shift`;
          const shape = [dims[channel] as number, ...dims.slice(channel + 1).map(() => 1)];
          const length = shape[0]!;
          const vector = g.parameter(
            name,
            float32(
              shape,
              Float32Array.from({ length }, () => first(random)),
            ),
          );
          parameters.push(name);
          const moved = gain === 1 ? vector : g.op("Mul", [vector, g.scalar(gain)]);
          g.name(g.op("Add", [g.value(output), moved]), node.outputs[0]!);
        }
        const adapted = { graph: g.finish(graph.outputs.map(({ name }) => g.value(name))), parameters };
        return defect.attached?.(adapted, graph) ?? adapted;
      },
      ...(defect.sign !== undefined && {
        merge: (graph: Graph, groups: readonly LayerGroup[], values: Readonly<Record<string, Tensor>>) => {
          const name = `${groups.at(-1)!.name}.norm.bias`;
          const bias = graph.initializers.get(name)!;
          const added = Object.values(values).at(-1)!;
          const sums = Float32Array.from(
            bias.data as Float32Array,
            (value, i) => value + defect.sign! * Number(added.data[i]),
          );
          return { [name]: float32(bias.dims, sums) };
        },
      }),
    };
  };
}

/** The base with one initializer changed. */
function withChanged(adapted: Adapted, base: Graph): Adapted {
  const [name, tensor] = [...base.initializers].find(([, { dtype }]) => dtype === "float32")!;
  const data = Float32Array.from(tensor.data as Float32Array, (value) => value + 1e-4);
  return {
    ...adapted,
    graph: { ...adapted.graph, initializers: new Map([...adapted.graph.initializers, [name, { ...tensor, data }]]) },
  };
}

/** Parameters that nothing reads. */
function withUnread(adapted: Adapted): Adapted {
  const unread = float32([2], [1, 2]);
  const initializers = new Map([...adapted.graph.initializers, ["adapter.unread", unread]]);
  return { graph: { ...adapted.graph, initializers }, parameters: [...adapted.parameters, "adapter.unread"] };
}

const BASE = "everything of the base stays as it was";
const OWN = "parameters are its own, named adapter.*";
const GRADIENTS = "gradients reach every parameter, and the loss falls";
let calls = 0;
const DEFECTS: readonly [
  defect: string,
  factory: (options?: PlainOptions) => Adapter,
  check: string,
  message: string,
][] = [
  [
    "another name than its file",
    shift({ name: "move" }),
    "name is kebab-case and the expected one",
    'expected the name "shift"',
  ],
  ["no summary", shift({ summary: "" }), "summary is one line", "expected the summary to be one line"],
  [
    "options that nobody checks",
    shift({ lax: true }),
    "options that it does not know are refused by name",
    "it was accepted",
  ],
  ["parameters named otherwise", shift({ prefix: "shift." }), OWN, "expected parameters named adapter.*"],
  ["no parameter", shift({ places: () => [] }), OWN, "expected at least one parameter; received none"],
  [
    "a parameter that it does not name",
    shift({ attached: ({ graph, parameters }) => ({ graph, parameters: parameters.slice(1) }) }),
    OWN,
    "to be among the parameters; it is not",
  ],
  ["weights of the base that change", shift({ attached: withChanged }), BASE, "to keep its bits; it did not"],
  [
    "an output more",
    shift({
      attached: ({ graph, parameters }) => ({
        graph: { ...graph, outputs: [...graph.outputs, graph.outputs[0]!] },
        parameters,
      }),
    }),
    BASE,
    "expected inputs and outputs",
  ],
  [
    "first values of its own",
    shift({ first: () => ++calls }),
    "the same seed gives the same first values, whatever else is drawn",
    "expected first values to be the same bits",
  ],
  [
    "a start that is elsewhere",
    shift({ first: (random) => random.normal() }),
    "it starts as it was: the adapted graph computes what the base does",
    "expected the outputs within 0.00001 of the base's",
  ],
  ["a parameter that nothing reads", shift({ attached: withUnread }), GRADIENTS, "adapter.unread"],
  ["a shift that counts for nothing", shift({ gain: 0 }), GRADIENTS, "expected a gradient to reach"],
];

describe("a good adapter", () => runChecks(checkAdapter(shift(), { name: "shift" }), test));

describe("each defect is caught by the check of its name", () => {
  it.each(DEFECTS)("%s", async (_, factory, check, message) => {
    expect(await failureOf(checkAdapter(factory, { name: "shift" }), check)).toContain(message);
  });
});

describe("merging", () => {
  const check = "merged computes what un-merged does, and unmerged what the base does";
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 4]);
  const graph = g.finish([g.name(g.op("Add", [x, g.parameter("a.norm.bias", float32([4], [1, 2, 3, 4]))]), "y")]);
  const graphs = { sum: { graph, groups: [{ name: "a", initializers: ["a.norm.bias"], boundary: "y" }] } };

  it("passes where it computes the same", async () => {
    const skip = [{ check: "layers of other groups stay as they were", reason: "there is one group" }];
    expect(await failing(checkAdapter(shift({ sign: 1 }), { graphs, skip }))).toEqual({});
  });

  it("is caught where it does not", async () => {
    const message = await failureOf(checkAdapter(shift({ sign: -1 }), { graphs }), check);
    expect(message).toContain("expected the outputs of the merged graph within 0.00001");
  });
});

it("options, and layers of other groups, are looked at", async () => {
  const checks = checkAdapter(shift(), { validOptions: [{}], invalidOptions: [{}], unmatched: [{}] });
  expect(await failing(checks)).toEqual({
    "wrong values of options are refused": "[testing] expected {} to be refused; it was accepted",
    "a pattern that matches nothing is refused with names that are near":
      "[testing] expected {} to be refused; it was accepted",
  });
  const everywhere = shift({ places: () => [{ name: "first", initializers: [], boundary: "layers.0.attention" }] });
  const message = await failureOf(checkAdapter(everywhere), "layers of other groups stay as they were");
  expect(message).toContain("to depend on the adapter; it does not");
});
