import { type Dim, fail } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, type Operator, staticDims } from "../operator.ts";

/** Moves channels into blocks of pixels (`DCR`: blocks are the outer channels, `CRD`: the inner), as a pixel shuffle does. */
export const depthToSpace: Operator = {
  op: "DepthToSpace",
  since: 1,
  infer(c) {
    const [batch, channels, ...space] = fourDims(c);
    const block = c.attributes.int("blocksize");
    const depth = typeof channels === "number" ? channels / block ** 2 : c.unknown();
    if (typeof depth === "number" && !Number.isInteger(depth)) {
      throw fail(
        "graph",
        `node "${c.node.name}" (DepthToSpace): ${channels} channels cannot fill blocks of ${block} × ${block}`,
      );
    }
    const larger = space.map((size): Dim => (typeof size === "number" ? size * block : c.unknown()));
    return [{ dtype: c.input(0).dtype, dims: [batch!, depth, ...larger] }];
  },
  gradient({ g, attributes, inputs, dy }) {
    const blocksize = attributes.int("blocksize");
    if (attributes.string("mode", "DCR") === "DCR") return [g.op("SpaceToDepth", [dy], { blocksize })];
    const dims = staticDims(inputs[0]!);
    const [batch, channels, height, width] = dims as [number, number, number, number];
    const blocks = reshape(g, dy, [batch, channels / blocksize ** 2, height, blocksize, width, blocksize]);
    return [reshape(g, g.op("Transpose", [blocks], { perm: [0, 1, 3, 5, 2, 4] }), dims)];
  },
};

/** The dimensions of pictures, or an error that names the node. */
export function fourDims(c: InferContext): readonly Dim[] {
  const { dims } = c.input(0);
  if (dims.length === 4) return dims;
  throw fail(
    "graph",
    `node "${c.node.name}" (${c.node.op}): expected [batch, channels, height, width]; received [${dims.join(", ")}]`,
  );
}
