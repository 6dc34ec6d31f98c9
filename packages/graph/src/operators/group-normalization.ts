import { fail, type Value } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { normalize, normalizeGradient } from "./layer-normalization-gradient.ts";

/** First operator set whose scale and bias are per channel; before, they are per group. */
const PER_CHANNEL = 21;

/** Normalises each group of channels of each picture, then scale and bias per channel, up to opset 20 per group. */
export const groupNormalization: Operator = {
  op: "GroupNormalization",
  since: 18,
  infer(c) {
    const [channels, groups] = [c.input(0).dims[1], c.attributes.int("num_groups")];
    const wanted = c.opset >= PER_CHANNEL ? channels : groups;
    const given = c.input(1).dims[0];
    const uneven = typeof channels === "number" && channels % groups !== 0;
    const unlike = typeof given === "number" && typeof wanted === "number" && given !== wanted;
    if (uneven || unlike) {
      throw fail(
        "graph",
        `node "${c.node.name}" (GroupNormalization): ${groups} groups and a scale of ${given} do not fit ${channels} channels in opset ${c.opset}`,
      );
    }
    return [c.input(0)];
  },
  gradient({ g, attributes, inputs, dy, needs }) {
    const [x, scale] = inputs as [Value, Value];
    const dims = staticDims(x);
    const [batch, channels] = dims as [number, number];
    const groups = attributes.int("num_groups");
    const parts = [batch, groups, channels / groups, -1];
    const perChannel = g.opset >= PER_CHANNEL;
    const split = (value: Value) => reshape(g, value, parts);
    const by = split(dy);
    const normalized = normalize(g, split(x), [2, 3], attributes.float("epsilon", 1e-5));
    const factor = reshape(g, scale, perChannel ? [1, groups, channels / groups, 1] : [1, groups, 1, 1]);
    // Summed to one entry a scale: over batch and space, and over the channels of a group that share one.
    const summed = (value: Value) => reshape(g, reduceSum(g, value, perChannel ? [0, 3] : [0, 2, 3], false), [-1]);
    return [
      needs(0) ? reshape(g, normalizeGradient(g, g.op("Mul", [by, factor]), normalized), dims) : undefined,
      needs(1) ? summed(g.op("Mul", [by, normalized.normal])) : undefined,
      needs(2) ? summed(by) : undefined,
    ];
  },
};
