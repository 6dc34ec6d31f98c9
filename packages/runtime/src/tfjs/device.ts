import type * as Core from "@tensorflow/tfjs-core";
import type { ConvGeometry } from "./geometry.ts";

/** A tensor of TensorFlow.js. */
export type DeviceTensor = Core.Tensor;

/** The element types that live on a device. */
export type DeviceType = "float32" | "int32" | "bool";

/** Which of the engine's backends a device is. */
export type BackendName = "tfjs-node" | "tfjs-wasm";

/** What every backend can do: kernels by their TensorFlow.js names, and moving data. */
export interface Kernels {
  readonly name: BackendName;
  readonly core: typeof Core;
  /** Makes this backend the current one; a process may hold several. */
  activate(): void;
  run(kernel: string, inputs: Readonly<Record<string, DeviceTensor>>, attributes?: object): DeviceTensor;
  runMany(kernel: string, inputs: Readonly<Record<string, DeviceTensor>>, attributes?: object): DeviceTensor[];
  /** Concatenates along a physical axis. */
  concat(tensors: readonly DeviceTensor[], axis: number): DeviceTensor;
  /** Another tensor over the same memory. */
  alias(tensor: DeviceTensor): DeviceTensor;
  reshape(tensor: DeviceTensor, shape: readonly number[]): DeviceTensor;
  transpose(tensor: DeviceTensor, permutation: readonly number[]): DeviceTensor;
  /** Pads (or, where negative, crops) each axis by `[before, after]`. */
  pad(tensor: DeviceTensor, amounts: readonly (readonly [number, number])[], value?: number): DeviceTensor;
  slice(tensor: DeviceTensor, begin: readonly number[], size: readonly number[]): DeviceTensor;
  scalar(value: number, dtype?: DeviceType): DeviceTensor;
  upload(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: DeviceType): DeviceTensor;
  read(tensor: DeviceTensor): Promise<Float32Array | Int32Array | Uint8Array>;
  readSync(tensor: DeviceTensor): Float32Array | Int32Array | Uint8Array;
}

/** What the backends do differently. Pictures are `[batch, height, width, channels]`, kernels `[height, width, in, out]`. */
export interface Device extends Kernels {
  /** True where a product takes a transposed operand as fast as a plain one. */
  readonly transposedProducts: boolean;
  /** Product of the last two axes; the leading ones broadcast. */
  matMul(a: DeviceTensor, b: DeviceTensor, transposeA: boolean, transposeB: boolean): DeviceTensor;
  /** Adds `[channels]` to the last axis. */
  biasAdd(x: DeviceTensor, bias: DeviceTensor): DeviceTensor;
  /** Sum or mean over physical axes. */
  reduce(kernel: "Sum" | "Mean", x: DeviceTensor, axes: readonly number[], keepDims: boolean): DeviceTensor;
  /** Picks elementwise, with broadcasting. */
  select(condition: DeviceTensor, yes: DeviceTensor, no: DeviceTensor): DeviceTensor;
  /** `dy` where `min < y < max`, else 0. */
  clipGrad(dy: DeviceTensor, y: DeviceTensor, min: number, max: number): DeviceTensor;
  /** Division; of integers, cut off towards 0. */
  divide(a: DeviceTensor, b: DeviceTensor): DeviceTensor;
  logSoftmax(x: DeviceTensor): DeviceTensor;
  conv(x: DeviceTensor, filter: DeviceTensor, bias: DeviceTensor | undefined, g: ConvGeometry): DeviceTensor;
  /** The filter is `[height, width, channels, multiplier]`. */
  depthwise(x: DeviceTensor, filter: DeviceTensor, bias: DeviceTensor | undefined, g: ConvGeometry): DeviceTensor;
  convGradInput(dy: DeviceTensor, filter: DeviceTensor, g: ConvGeometry): DeviceTensor;
  depthwiseGradInput(dy: DeviceTensor, filter: DeviceTensor, g: ConvGeometry): DeviceTensor;
  convGradFilter(x: DeviceTensor, dy: DeviceTensor, g: ConvGeometry): DeviceTensor;
  depthwiseGradFilter(x: DeviceTensor, dy: DeviceTensor, g: ConvGeometry): DeviceTensor;
}

/** The common part of the backends over one TensorFlow.js engine. */
export function kernels(name: BackendName, core: typeof Core, backend: string): Kernels {
  const engine = core.engine();
  const run: Kernels["run"] = (kernel, inputs, attributes = {}) =>
    engine.runKernel(kernel, inputs, attributes as Core.NamedAttrMap) as DeviceTensor;
  const device: Kernels = {
    name,
    core,
    activate() {
      // An initialised backend is switched to at once; the promise says nothing more.
      if (engine.backendName !== backend) void core.setBackend(backend);
    },
    run,
    runMany: (kernel, inputs, attributes = {}) =>
      engine.runKernel(kernel, inputs, attributes as Core.NamedAttrMap) as DeviceTensor[],
    concat: (tensors, axis) =>
      engine.runKernel("Concat", tensors as unknown as Core.NamedTensorMap, { axis }) as DeviceTensor,
    alias: (x) => run("Identity", { x }),
    reshape: (x, shape) => run("Reshape", { x }, { shape }),
    transpose: (x, perm) => run("Transpose", { x }, { perm }),
    pad(x, amounts, value = 0) {
      let cropped = x;
      if (amounts.some(([before, after]) => before < 0 || after < 0)) {
        const begin = amounts.map(([before]) => Math.max(0, -before));
        const size = amounts.map(([, after], i) => x.shape[i]! - begin[i]! - Math.max(0, -after));
        cropped = device.slice(x, begin, size);
      }
      const paddings = amounts.map(([before, after]) => [Math.max(0, before), Math.max(0, after)]);
      if (paddings.every(([before, after]) => before === 0 && after === 0)) return cropped;
      return run("PadV2", { x: cropped }, { paddings, constantValue: value });
    },
    slice: (x, begin, size) => run("Slice", { x }, { begin, size }),
    scalar: (value, dtype = "float32") => device.upload(arrayOf(dtype, [value]), [], dtype),
    upload: (values, shape, dtype) => engine.makeTensor(values, [...shape], dtype),
    // TensorFlow.js may hand out the array that it was given: copy, so that nobody's data changes under him.
    read: async (tensor) => (await tensor.data()).slice() as Float32Array,
    readSync: (tensor) => tensor.dataSync().slice() as Float32Array,
  };
  return device;
}

/** Values in the storage of a device type. */
export function arrayOf(dtype: DeviceType, values: ArrayLike<number>): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return Float32Array.from(values);
  return dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
}
