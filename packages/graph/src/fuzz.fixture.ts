import { GraftError, type Graph, type Random, type Tensor } from "@graft-ml/core";
import { FIELD_MUTATIONS, type FieldMutation, mutateField } from "./fuzz-fields.fixture.ts";
import { inferShapes } from "./inference.ts";
import { readModel } from "./model/read.ts";
import { writeModel } from "./model/write.ts";

/** Ways to damage a file. */
export const MUTATIONS: readonly (ByteMutation | FieldMutation)[] = [
  "bit",
  "byte",
  "truncate",
  "duplicate",
  "remove",
  "splice",
  "varint",
  "swap",
  ...FIELD_MUTATIONS,
];

type ByteMutation = "bit" | "byte" | "truncate" | "duplicate" | "remove" | "splice" | "varint" | "swap";

/** A way to damage a file. */
export type Mutation = ByteMutation | FieldMutation;

/** What became of one damaged file. */
export interface Outcome {
  readonly mutation: Mutation;
  /** The damaged file where it was accepted. */
  readonly accepted?: Uint8Array;
  /** The line of refusal. */
  readonly refused?: string;
  readonly milliseconds: number;
}

/** Damages a copy of a file; `other` lends bytes to splices. */
export function mutate(bytes: Uint8Array, other: Uint8Array, mutation: Mutation, random: Random): Uint8Array {
  const at = random.integer(bytes.length);
  const length = 1 + random.integer(Math.min(64, bytes.length - at));
  // Not `slice`: a Buffer's shares its memory.
  const copy = new Uint8Array(bytes);
  switch (mutation) {
    case "bit":
      for (let i = 0; i <= random.integer(3); i++) copy[random.integer(copy.length)]! ^= 1 << random.integer(8);
      return copy;
    case "byte":
      for (let i = 0; i <= random.integer(4); i++) copy[random.integer(copy.length)] = random.integer(256);
      return copy;
    case "truncate":
      return copy.subarray(0, at);
    case "duplicate":
      return joined(bytes.subarray(0, at + length), bytes.subarray(at, at + length), bytes.subarray(at + length));
    case "remove":
      return joined(bytes.subarray(0, at), bytes.subarray(at + length));
    case "splice": {
      const from = random.integer(other.length);
      return joined(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + length));
    }
    case "varint": {
      // Extremes where lengths, sizes and counts may stand.
      const extremes = [
        [0],
        [127],
        [255, 255, 255, 255, 7],
        [255, 255, 255, 255, 15],
        new Array(9).fill(255).concat(1),
      ];
      return joined(
        bytes.subarray(0, at),
        Uint8Array.from(extremes[random.integer(extremes.length)]!),
        bytes.subarray(at + 1),
      );
    }
    case "swap": {
      const second = random.integer(bytes.length);
      copy[at] = bytes[second]!;
      copy[second] = bytes[at]!;
      return copy;
    }
    default:
      return mutateField(bytes, other, mutation, random);
  }
}

/** Reads a damaged file the way that every caller does; whatever is neither success nor a `GraftError` of one line is thrown. */
export function attempt(bytes: Uint8Array, mutation: Mutation): Outcome {
  const started = performance.now();
  let graph: Graph;
  try {
    graph = readModel(bytes);
    inferShapes(graph);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    const { message } = error;
    if (message.includes("\n") && !Buffer.from(bytes).includes("\n"))
      throw new Error(`expected one line; received ${message}`);
    return { mutation, refused: message, milliseconds: performance.now() - started };
  }
  const difference = differs(graph, readModel(writeModel(graph)));
  if (difference !== undefined) throw new Error(`the graph changed on its way through a file: ${difference}`);
  return { mutation, accepted: bytes, milliseconds: performance.now() - started };
}

/** Where two graphs differ, bit by bit, or `undefined`. */
export function differs(a: Graph, b: Graph): string | undefined {
  const text = ({ initializers, ...rest }: Graph): string =>
    JSON.stringify({ ...rest, names: [...initializers.keys()] }, plain);
  if (text(a) !== text(b)) return `${text(a).slice(0, 2000)} became ${text(b).slice(0, 2000)}`;
  for (const [name, tensor] of a.initializers) {
    const other = b.initializers.get(name)!;
    if (tensor.dtype !== other.dtype || `${tensor.dims}` !== `${other.dims}` || !sameBytes(tensor, other)) return name;
  }
  return undefined;
}

function sameBytes(a: Tensor, b: Tensor): boolean {
  const [one, two] = [a, b].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return one!.equals(two!);
}

/** JSON of what JSON has no form for. */
function plain(_: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return String(Object.is(value, -0) ? "-0" : value);
  return value;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
