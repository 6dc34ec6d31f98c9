import { fail, float32, type Graph, type Tensor, type Tensors, toNumbers } from "@graft-ml/core";
import type { Layer } from "./layers.ts";

/** A trained value, after checking that it has the shape that the adapter made. */
export function trainedValue(where: string, values: Tensors, name: string, dims: readonly number[]): Tensor {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw fail(where, `expected a value for "${name}"; received none`);
  if (value.dtype !== "float32" || value.dims.join() !== dims.join()) {
    throw fail(
      where,
      `expected "${name}" to be float32 [${dims.join(", ")}]; received ${value.dtype} [${value.dims.join(", ")}]`,
    );
  }
  return value;
}

/** Whether kernels can take what an adapter adds; integers cannot. */
export function canHold(layers: readonly Layer[]): boolean {
  return layers.every(({ storage }) => storage !== "quantized");
}

/** A tensor's numbers as a matrix of so many rows, row by row; `turned`: the tensor holds its transpose. */
export function matrixOf({ data }: Tensor, rows: number, turned: boolean): Float64Array {
  const numbers = data as Float32Array;
  const columns = numbers.length / rows;
  return turned
    ? Float64Array.from(numbers, (_, i) => numbers[(i % columns) * rows + Math.floor(i / columns)]!)
    : Float64Array.from(numbers);
}

/**
 * A kernel with each number changed; `place` counts in `[inputs · window, outputs]`. A kernel kept in halves becomes float32 under
 * the same name, which leaves its `Cast` nothing to do.
 */
export function changedKernel(
  graph: Graph,
  layer: Layer,
  change: (value: number, place: number, row: number, output: number) => number,
): Tensor {
  const tensor = graph.initializers.get(layer.kernel)!;
  const numbers = toNumbers(tensor);
  const result = new Float32Array(numbers.length);
  const rows = numbers.length / layer.outputs;
  for (let i = 0; i < result.length; i++) {
    const output = layer.transposed ? Math.floor(i / rows) : i % layer.outputs;
    const row = layer.transposed ? i % rows : Math.floor(i / layer.outputs);
    result[i] = change(numbers[i]!, row * layer.outputs + output, row, output);
  }
  return float32(tensor.dims, result);
}
