import { type Dim, fail, type Graph, type ImagePreprocessing, sizeOf, toNumbers, type ValueInfo } from "@graft-ml/core";
import { inferShapes } from "@graft-ml/graph";

/** How pictures come into a graph that says nothing but shapes. */
export type KnownPreprocessing = Partial<ImagePreprocessing>;

/** The input of pictures or token ids: the one that is named, or the only one that can be. */
export function findInput(graph: Graph, name: string | undefined, where: string): ValueInfo {
  const named = graph.inputs.find((input) => input.name === name);
  if (named !== undefined) return named;
  const found = graph.inputs.filter((input) => isPicture(input) || isTokenIds(input));
  const [only] = found;
  if (name === undefined && found.length === 1 && only !== undefined) return only;
  const list = graph.inputs.map((input) => `"${input.name}" ${input.dtype} [${input.dims.join(", ")}]`).join(", ");
  if (name !== undefined) throw fail(where, `the graph has no input "${name}"; it has ${list}`);
  throw fail(where, `cannot tell which input takes pictures or token ids among ${list}. Name it by \`input\``);
}

function isPicture({ dtype, dims }: ValueInfo): boolean {
  return /^float/.test(dtype) && dims.length === 4;
}

/** Whether an input takes token ids rather than a mask or segments. */
export function isTokenIds({ name, dtype, dims }: ValueInfo): boolean {
  return /^int/.test(dtype) && (dims.length === 2 || dims.length === 3) && !/mask|type|segment|position/i.test(name);
}

/** Fills in what the shape and the first nodes of a graph tell about its pictures; asks once for all that is left. */
export function picturePreprocessing(
  graph: Graph,
  input: ValueInfo,
  known: KnownPreprocessing,
  where: string,
): ImagePreprocessing {
  const shape = `[${input.dims.join(", ")}]`;
  const [, second, third, fourth] = input.dims;
  if (input.dims.length !== 4)
    throw fail(where, `expected pictures [batch, 3, height, width] at "${input.name}"; received ${shape}`);
  const layout = known.layout ?? (isChannels(second) ? "NCHW" : isChannels(fourth) ? "NHWC" : undefined);
  const [height, width] = layout === "NHWC" ? [second, third] : [third, fourth];
  const size = known.size ?? (typeof height === "number" && height === width ? height : undefined);
  if (typeof height === "number" && typeof width === "number" && layout !== undefined && height !== width)
    throw fail(where, `expected square pictures at "${input.name}"; received ${shape}. Export the model for squares`);
  if (typeof height === "number" && size !== height)
    throw fail(where, `the card says pictures of ${size}×${size}; "${input.name}" takes ${shape}. Correct the size`);
  const scale = isScaledInside(graph, input.name) ? { mean: [0, 0, 0] as const, std: [1, 1, 1] as const } : {};
  const { mean, std } = { ...scale, ...known };
  const missing = [
    layout === undefined && 'layout ("NCHW" or "NHWC")',
    size === undefined && "size (height and width in pixels)",
    mean === undefined && "mean (of pixel values 0..255, for ImageNet usually [123.675, 116.28, 103.53])",
    std === undefined && "std (for ImageNet usually [58.395, 57.12, 57.375])",
  ].filter((field) => field !== false);
  if (layout === undefined || size === undefined || mean === undefined || std === undefined) {
    throw fail(
      where,
      `"${input.name}" ${shape} does not say how pictures go in. Give preprocessing with ${missing.join(", ")}`,
    );
  }
  const { crop = 0.875, interpolation = "bilinear", channels = "RGB" } = known;
  return { size, crop, interpolation, mean, std, layout, channels };
}

function isChannels(dim: Dim | undefined): boolean {
  return dim === 3 || (typeof dim === "string" && /channel/i.test(dim));
}

/** Whether the graph itself brings pixel values 0..255 into range before anything else, as Keras exports do. */
function isScaledInside(graph: Graph, input: string): boolean {
  const { constants } = inferShapes(graph);
  let at = input;
  for (;;) {
    const readers = graph.nodes.filter((node) => node.inputs.includes(at));
    const [node] = readers;
    if (readers.length !== 1 || node === undefined) return false;
    const other = constants.get(node.inputs.find((name) => name !== at) ?? "");
    // A scale is one number, or one a channel; a kernel is none.
    const size =
      other === undefined || sizeOf(other.dims) > 3 ? 0 : Math.max(...Array.from(toNumbers(other), Math.abs));
    if ((node.op === "Sub" || node.op === "Div") && size > 2) return true;
    if (node.op === "Mul" && size > 0 && size < 0.1) return true;
    if (node.op !== "Transpose" && node.op !== "Identity" && node.op !== "Cast") return false;
    at = node.outputs[0]!;
  }
}
