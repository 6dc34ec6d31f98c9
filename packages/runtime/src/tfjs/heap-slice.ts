import type * as Core from "@tensorflow/tfjs-core";
import type { DeviceTensor, Kernels } from "./device.ts";

/** The part of the WebAssembly backend that shows its memory. */
interface HeapBackend {
  makeOutput(shape: readonly number[], dtype: string): Core.TensorInfo;
  typedArrayFromHeap(tensor: Core.TensorInfo): Float32Array;
}

/**
 * `slice` within the WebAssembly heap. The backend's own kernel first copies the whole input out, which made slices a
 * quarter of a training step; this one moves only what is asked for.
 */
export function heapSlice(core: typeof Core): Kernels["slice"] {
  return (x, begin, size) => {
    const backend = core.backend() as unknown as HeapBackend;
    const output = backend.makeOutput([...size], x.dtype);
    // Views come after the allocation, which may move the heap.
    const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(output)];
    copyRuns(from, to, x.shape, begin, size);
    return core.engine().makeTensorFromTensorInfo(output) as DeviceTensor;
  };
}

/** Copies run by run: trailing axes that are taken whole join the axis before them in one run. */
function copyRuns(
  from: Float32Array,
  to: Float32Array,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): void {
  let axis = shape.length;
  let block = 1;
  while (axis > 0 && size[axis - 1] === shape[axis - 1]) block *= shape[--axis]!;
  const cut = Math.max(0, axis - 1);
  const run = axis === 0 ? block : size[cut]! * block;
  if (run === 0 || to.length === 0) return;
  const strides = shape.slice(0, cut).map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const start = axis === 0 ? 0 : begin[cut]! * block;
  const index = new Array<number>(cut).fill(0);
  for (let written = 0; written < to.length; written += run) {
    const offset = index.reduce((sum, n, i) => sum + (begin[i]! + n) * strides[i]!, start);
    to.set(from.subarray(offset, offset + run), written);
    for (let i = cut - 1; i >= 0 && ++index[i]! === size[i]; i--) index[i] = 0;
  }
}
