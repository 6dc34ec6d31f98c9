import type { Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { add, f, filled, type LayerAttributes, type LayerCase } from "./layers.fixture.ts";

const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;
type Kind = keyof typeof GATES;
const [TIME, BATCH, INPUTS, HIDDEN] = [5, 3, 4, 2] as const;

interface Given {
  readonly bias?: boolean;
  readonly states?: boolean;
  readonly peepholes?: boolean;
  readonly time?: number;
}

function recurrent(kind: Kind, attributes: LayerAttributes = {}, given: Given = {}): LayerCase {
  const { bias = true, states = false, peepholes = false, time = TIME } = given;
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const width = GATES[kind] * HIDDEN;
  const name = `${kind} ${JSON.stringify(attributes)} ${JSON.stringify(given)}`;
  const weight = (g: OpenGraph, wanted: boolean, ...dims: number[]): Value | undefined =>
    wanted ? g.constant(filled({ dtype: "float32", dims }, `${name}${dims}`)) : undefined;
  return {
    name,
    inputs: [f(time, BATCH, INPUTS)],
    tolerance: 1e-5,
    build(g, x) {
      const inputs = [
        x,
        weight(g, true, directions, width, INPUTS),
        weight(g, true, directions, width, HIDDEN),
        weight(g, bias, directions, 2 * width),
        undefined,
        weight(g, states, directions, BATCH, HIDDEN),
        ...(kind === "LSTM"
          ? [weight(g, states, directions, BATCH, HIDDEN), weight(g, peepholes, directions, 3 * HIDDEN)]
          : []),
      ];
      while (inputs.at(-1) === undefined) inputs.pop();
      const outputs = kind === "LSTM" ? ["y", "h", "c"] : ["y", "h"];
      return add(g, kind, inputs, { hidden_size: HIDDEN, ...attributes }, outputs);
    },
  };
}

/** Recurrent operators in all directions, with and without what they may be given. */
export const recurrentCases: readonly LayerCase[] = [
  ...(["LSTM", "GRU", "RNN"] as const).flatMap((kind) => [
    ...["forward", "reverse", "bidirectional"].flatMap((direction) => [
      recurrent(kind, { direction }),
      recurrent(kind, { direction }, { bias: false, states: true }),
    ]),
    recurrent(kind, {}, { time: 1, bias: false }),
  ]),
  recurrent("LSTM", {}, { peepholes: true }),
  recurrent("LSTM", { direction: "bidirectional" }, { peepholes: true, states: true }),
  recurrent("LSTM", { activations: ["Sigmoid", "Relu", "Tanh"] }),
  ...["forward", "reverse", "bidirectional"].flatMap((direction) => [
    recurrent("GRU", { direction, linear_before_reset: 1 }, { states: true }),
    recurrent("GRU", { direction, linear_before_reset: 1 }, { bias: false }),
  ]),
  recurrent("RNN", { activations: ["Relu"] }),
  recurrent("RNN", { activations: ["Tanh", "Relu"], direction: "bidirectional" }, { states: true }),
];
