import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { float32, int64, sizeOf, type Tensor, type Tensors, toNumbers } from "@graft-ml/core";

/** Every n-th element of a tensor, its largest absolute value and its norm. */
export interface Stored {
  readonly dims: readonly number[];
  readonly every: number;
  readonly values: readonly number[];
  readonly largest: number;
  readonly norm: number;
}

/** An input by recipe or by its values. */
interface Spec {
  readonly dtype: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values?: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}

/** Expected values of one file: tools/golden/architectures/export.py. */
export interface Golden {
  readonly tolerance: { readonly outputs: number; readonly gradients: number };
  /** Σ outputs · weights is differentiated; the i-th output's weights are of seed + i. */
  readonly loss: Pick<Spec, "seed" | "low" | "high">;
  readonly bindings: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly outputs: Readonly<Record<string, Stored>>;
  readonly gradients: Readonly<Record<string, Stored>>;
}

const FOLDER = new URL("../golden/architectures/", import.meta.url);

/** Names of all files. */
export const architectures: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".onnx.gz"))
  .map((file) => file.slice(0, -".onnx.gz".length))
  .sort();

/** The bytes of a file as its exporter wrote them. */
export function bytesOf(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`${name}.onnx.gz`, FOLDER)));
}

/** The expected values of a file. */
export function goldenOf(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Golden;
}

/** The recipe of tools/golden/recipe.py. */
export function recipe(dims: readonly number[], { seed, low, high }: Pick<Spec, "seed" | "low" | "high">): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

/** What a file is fed. */
export function feedsOf({ inputs }: Golden): Tensors {
  const tensors = Object.entries(inputs).map(([name, spec]): [string, Tensor] => [
    name,
    spec.values === undefined ? recipe(spec.dims, spec) : int64(spec.dims, spec.values),
  ]);
  return Object.fromEntries(tensors);
}

/** Largest error of a tensor, its norm's included, relative to the largest expected value or `floor` if that is larger. */
export function errorOf(actual: Tensor, expected: Stored, floor = 0): number {
  if (actual.dims.join() !== expected.dims.join())
    throw new Error(`expected dimensions [${expected.dims.join(", ")}]; received [${actual.dims.join(", ")}]`);
  const numbers = Array.from(toNumbers(actual));
  const scale = Math.max(expected.largest, floor, 1e-30);
  const norm = Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));
  const differences = expected.values.map((value, i) => Math.abs(value - numbers[i * expected.every]!) / scale);
  const off = Math.abs(norm - expected.norm) / Math.max(expected.norm, scale);
  return [...differences, off].reduce((most, next) => (next <= most ? most : Number.isNaN(next) ? Infinity : next), 0);
}
