import { float32, type Graph, seededRandom, sizeOf, type Tensor } from "@graft-ml/core";
import { graphBuilder } from "./builder.ts";

const random = seededRandom(1);

/** Seeded values between `low` and `high`. */
export function drawn(dims: readonly number[], low: number = -1, high: number = 1): Tensor {
  return float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => low + (high - low) * random.uniform()),
  );
}

/** A residual network of three blocks with batch normalisation, as small as one can be: `image` → `logits`. */
export function tinyNetwork(): Graph {
  const g = graphBuilder();
  const norm = (x: ReturnType<typeof g.input>, prefix: string, channels: number): typeof x =>
    g.op("BatchNormalization", [
      x,
      g.parameter(`${prefix}.weight`, drawn([channels], 0.5, 1.5)),
      g.parameter(`${prefix}.bias`, drawn([channels])),
      g.parameter(`${prefix}.running_mean`, drawn([channels])),
      g.parameter(`${prefix}.running_var`, drawn([channels], 0.5, 1.5)),
    ]);
  let x = g.input("image", "float32", ["batch", 3, 8, 8]);
  x = g.op("Conv", [x, g.parameter("stem.conv.weight", drawn([4, 3, 3, 3]))], { strides: [2, 2], pads: [0, 0, 1, 1] });
  x = g.op("Relu", [norm(x, "stem.bn", 4)]);
  for (const block of [0, 1]) {
    const skip = x;
    let y = g.op("Conv", [x, g.parameter(`blocks.${block}.depthwise.weight`, drawn([4, 1, 3, 3]))], {
      group: 4,
      pads: [1, 1, 1, 1],
    });
    y = g.op("Clip", [norm(y, `blocks.${block}.bn1`, 4), g.scalar(0), g.scalar(6)]);
    y = g.op("Conv", [y, g.parameter(`blocks.${block}.project.weight`, drawn([4, 4, 1, 1]))]);
    x = g.op("Add", [norm(y, `blocks.${block}.bn2`, 4), skip]);
  }
  const pooled = g.name(g.op("Flatten", [g.op("GlobalAveragePool", [x])]), "features");
  const logits = g.op("Gemm", [
    pooled,
    g.parameter("classifier.weight", drawn([4, 3])),
    g.parameter("classifier.bias", drawn([3])),
  ]);
  return g.finish([g.name(logits, "logits")]);
}
