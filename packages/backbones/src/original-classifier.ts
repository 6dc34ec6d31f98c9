import { float32, type Graph, type GraphNode, type OriginalClassifier, toNumbers } from "@graft-ml/core";
import { producersOf } from "@graft-ml/graph";

/** Of a model that ends in one affine layer on its features, perhaps with a softmax behind it, that layer; of others nothing. */
export function originalClassifier(
  file: Graph,
  features: string,
  output: string | undefined,
): { classifier?(): OriginalClassifier } {
  const makers = producersOf(file);
  const behind = (name: string | undefined, passes: readonly string[]): string | undefined => {
    const node = name === undefined || name === features ? undefined : makers.get(name);
    return node !== undefined && passes.includes(node.op) ? behind(node.inputs[0], passes) : name;
  };
  const node = makers.get(behind(output, ["Identity", "Softmax", "LogSoftmax"]) ?? "");
  const found = node && affineOf(file, makers, node);
  if (found === undefined || behind(found.input, ["Identity", "Dropout"]) !== features) return {};
  const { rows, bias, turned } = found;
  const [a = 0, b = 0] = file.initializers.get(rows)!.dims;
  const [width, classes] = turned ? [b, a] : [a, b];
  return {
    classifier() {
      const values = toNumbers(file.initializers.get(rows)!);
      const weight = Float32Array.from({ length: width * classes }, (_, i) =>
        Number(turned ? values[(i % classes) * width + Math.floor(i / classes)] : values[i]),
      );
      return {
        weight: float32([width, classes], weight),
        bias: float32(
          [classes],
          bias === undefined ? new Float32Array(classes) : Float32Array.from(toNumbers(file.initializers.get(bias)!)),
        ),
      };
    },
  };
}

interface Affine {
  readonly input: string;
  /** Names of the initializers. */
  readonly rows: string;
  readonly bias?: string;
  /** Whether the weight is `[classes, features]`. */
  readonly turned: boolean;
}

function affineOf(
  { initializers }: Graph,
  makers: ReadonlyMap<string, GraphNode>,
  { op, inputs, attributes }: GraphNode,
): Affine | undefined {
  const matrix = (name: string | undefined): boolean => initializers.get(name ?? "")?.dims.length === 2;
  const vector = (name: string | undefined): boolean => initializers.get(name ?? "")?.dims.length === 1;
  const [first = "", second = "", third = ""] = inputs;
  const number = (name: string, normal: number): number => Number(attributes[name]?.value ?? normal);
  if (op === "Gemm") {
    const plain = number("alpha", 1) === 1 && number("beta", 1) === 1 && number("transA", 0) === 0;
    if (!plain || !matrix(second) || (third !== "" && !vector(third))) return undefined;
    return { input: first, rows: second, ...(third !== "" && { bias: third }), turned: number("transB", 0) === 1 };
  }
  if (op === "MatMul") return matrix(second) ? { input: first, rows: second, turned: false } : undefined;
  const bias = op === "Add" ? inputs.find(vector) : undefined;
  const product = makers.get(bias === first ? second : first);
  if (bias === undefined || product?.op !== "MatMul" || !matrix(product.inputs[1])) return undefined;
  return { input: product.inputs[0]!, rows: product.inputs[1]!, bias, turned: false };
}
