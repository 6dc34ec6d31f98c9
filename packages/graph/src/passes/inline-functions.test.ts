import proto from "onnx-proto";
import { describe, expect, test } from "vitest";
import { smallModels } from "../fuzz-models.fixture.ts";
import { corrupted, type Model, refusal } from "../model/hostile.fixture.ts";
import { readModel } from "../model/read.ts";

const { AttributeType } = proto.onnx.AttributeProto;

describe("functions", () => {
  const source = smallModels().functions!;
  const changed = (change: (model: Model) => void): Uint8Array => corrupted(change, source);

  test("calls become the nodes of their bodies, with the call's attributes and names of their own", () => {
    const { nodes, opsets } = readModel(source);
    expect(nodes.map(({ op, inputs, outputs }) => [op, ...inputs, "→", ...outputs].join(" "))).toEqual([
      "LeakyRelu x → call.h/y",
      "Add call.h/y call.h/y → h",
      "LeakyRelu h → call.y/y",
      "Add call.y/y call.y/y → y",
    ]);
    expect(nodes.filter(({ op }) => op === "LeakyRelu").map(({ attributes }) => attributes.alpha?.value)).toEqual([
      0.5, 0.25,
    ]);
    expect(opsets).toEqual({ "": 17, own: 1 });
  });

  test("a left-out attribute takes the default of the operator", () => {
    const bytes = changed(({ graph }) => {
      graph!.node![0]!.attribute = [];
    });
    expect(readModel(bytes).nodes[0]!.attributes).toEqual({});
  });

  test("an output that is an input comes as a copy", () => {
    const bytes = changed(({ functions }) => {
      functions![1]!.output = ["x"];
    });
    const { nodes } = readModel(bytes);
    expect(nodes.filter(({ op }) => op === "Identity").map(({ inputs, outputs }) => [...inputs, ...outputs])).toEqual([
      ["x", "h"],
      ["h", "y"],
    ]);
  });

  test("names of the graph and of a call do not meet", () => {
    const bytes = changed(({ graph }) => {
      graph!.initializer!.push({ name: "call.h/y", dataType: 1, dims: [], rawData: new Uint8Array(4) });
    });
    expect(readModel(bytes).nodes[0]!.outputs).toEqual(["call.h/y.1"]);
  });

  test.each<readonly [string, (model: Model) => void, RegExp]>([
    [
      "a function that calls itself",
      ({ functions }) => {
        functions![0]!.node![0] = { ...functions![1]!.node![0]!, opType: "Twice", output: ["b"], input: ["a"] };
      },
      /the function Twice calls itself/,
    ],
    [
      "functions that unfold without end",
      ({ functions, graph }) => {
        const [leaky] = functions!;
        const call = (name: string) => ({ opType: name, domain: "own" });
        for (let i = 0; i < 40; i++) {
          const inner = i === 0 ? { opType: "Relu", domain: "" } : call(`F${i - 1}`);
          functions!.push({
            ...leaky!,
            name: `F${i}`,
            attribute: [],
            node: [
              { ...inner, input: ["a"], output: ["t"] },
              { ...inner, input: ["t"], output: ["b"] },
            ],
          });
        }
        graph!.node![0] = { ...call("F39"), input: ["x"], output: ["h"] };
      },
      /unfold to more than 1000000 nodes/,
    ],
    [
      "functions that call each other a thousand deep, each counted before the next",
      ({ functions, graph }) => {
        for (let i = 0; i < 1000; i++) {
          const inner = i === 0 ? { opType: "Relu", domain: "" } : { opType: `F${i - 1}`, domain: "own" };
          functions!.push({
            ...functions![0]!,
            name: `F${i}`,
            attribute: [],
            node: [{ ...inner, input: ["a"], output: ["b"] }],
          });
          graph!.node!.push({ opType: `F${i}`, domain: "own", input: ["x"], output: [`f${i}`] });
        }
      },
      /functions call each other more than 64 deep/,
    ],
    [
      "a function for another operator set",
      ({ functions }) => {
        functions![1]!.opsetImport![0]!.version = 13;
      },
      /the function Twice is written for operator set 13 of domain ""; the model has 17/,
    ],
    [
      "a function twice",
      ({ functions }) => functions!.push(functions![0]!),
      /the function "Leaky" of domain "own" appears twice/,
    ],
    [
      "a body that reads what is not its own",
      ({ functions }) => {
        functions![1]!.node![1]!.input = ["h", "y"];
      },
      /the function Twice reads "h", which nothing before it makes/,
    ],
    [
      "an attribute of another type than the body takes",
      ({ graph }) => {
        graph!.node![0]!.attribute = [{ name: "slope", type: AttributeType.INT, i: 1 }];
      },
      /gives its attribute slope as int; Twice takes float/,
    ],
    [
      "a reference outside every function",
      ({ graph }) => {
        graph!.node![0]!.attribute = [{ name: "slope", type: AttributeType.FLOAT, refAttrName: "slope" }];
      },
      /refers to the attribute slope of a function, but stands in none/,
    ],
  ])("%s", (_, change, message) => {
    expect(refusal(changed(change))).toMatch(message);
  });
});
