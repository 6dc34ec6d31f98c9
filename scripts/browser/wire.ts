import {
  type DType,
  fromBytes,
  type Tensor,
  type Tensors,
  tensor,
  type ValueInfo,
} from "../../packages/core/src/index.ts";

/** A tensor as JSON, its elements to the last bit. */
export interface WireTensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Little-endian bytes in base64. */
  readonly data: string;
}
/** Tensors by name, as JSON. */
export type WireTensors = Readonly<Record<string, WireTensor>>;

/** What the page is asked to do. */
export interface Job {
  readonly wasmPaths?: string;
  readonly tasks: readonly Task[];
  /** Outputs of each operator case, with the types and shapes that they have. */
  readonly outputs: Readonly<Record<string, readonly ValueInfo[]>>;
}
/** A part of the work. */
export type Task = "operators" | "gradients" | "training" | "prefix" | "timing";

/** What one engine found in the page. */
export interface EngineResults {
  /** By task and case: values, or what went wrong. */
  readonly cases: Readonly<Record<string, { readonly values: WireTensors } | { readonly error: string }>>;
  /** Median of a training step. */
  readonly milliseconds?: number;
  /** What is held more at the end than at the beginning: tensors of TensorFlow.js, or sessions. */
  readonly leaked: number;
}

/** What the page answers. */
export interface PageResults {
  readonly isolated: boolean;
  /** Whether it ran outside of the page's own thread. */
  readonly worker: boolean;
  readonly cores: number;
  /** Of ONNX Runtime. */
  readonly threads: number | undefined;
  readonly engineNames: readonly string[];
  readonly reports: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly reason?: string;
    readonly mend?: string;
  }[];
  /** The message of opening an engine that a browser cannot have. */
  readonly refused: string;
  readonly engines: Readonly<Record<string, EngineResults>>;
}

/** Tensors to JSON. */
export function toWire(tensors: Tensors): WireTensors {
  return map(tensors, ({ dtype, dims, data }) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    let text = "";
    // In pieces, since arguments are limited in number.
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return { dtype, dims, data: btoa(text) };
  });
}

/** Tensors from JSON. */
export function fromWire(tensors: WireTensors): Tensors {
  return map(tensors, ({ dtype, dims, data }): Tensor => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    return tensor(dtype, dims, fromBytes(dtype, bytes));
  });
}

function map<From, To>(record: Readonly<Record<string, From>>, to: (from: From) => To): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}
