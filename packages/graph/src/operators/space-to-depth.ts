import { type Dim, fail } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { fourDims } from "./depth-to-space.ts";

/** Moves blocks of pixels into channels; blocks become the outer channels, the inner ones in mode CRD. */
export const spaceToDepth: Operator = {
  op: "SpaceToDepth",
  since: 1,
  infer(c) {
    const [batch, channels, ...space] = fourDims(c);
    const block = c.attributes.int("blocksize");
    if (space.some((size) => typeof size === "number" && size % block !== 0)) {
      throw fail(
        "graph",
        `node "${c.node.name}" (SpaceToDepth): [${space.join(", ")}] pixels are no whole blocks of ${block} × ${block}`,
      );
    }
    const smaller = space.map((size): Dim => (typeof size === "number" ? size / block : c.unknown()));
    const depth = typeof channels === "number" ? channels * block ** 2 : c.unknown();
    return [{ dtype: c.input(0).dtype, dims: [batch!, depth, ...smaller] }];
  },
  gradient: ({ g, attributes, dy }) => [
    g.op("DepthToSpace", [dy], { blocksize: attributes.int("blocksize"), mode: attributes.string("mode", "DCR") }),
  ],
};
