import { fail } from "@graft-ml/core";
import { MOST_PARTS } from "./limits.ts";

/** What a field of a message holds; numbers beyond 2^53 come as `bigint`. */
export type Kind = "string" | "bytes" | "int" | "float" | "int32s" | "int64s" | "uint64s" | "floats" | "doubles";

/** One field of a message: its name, what it holds, and whether it may recur. */
export interface Field {
  readonly name: string;
  readonly kind: Kind | Message;
  readonly many?: boolean;
}

/** The fields of a message that are read, by number; others are skipped. */
export interface Message {
  readonly label: string;
  readonly fields: Readonly<Record<number, Field>>;
}

const WHERE = "graph/read";
const [VARINT, EIGHT, BLOCK, FOUR] = [0, 1, 2, 5];
/** The longest form of a 64-bit number. */
const LONGEST = 10;
const WIRE: Readonly<Record<Kind, number>> = {
  string: BLOCK,
  bytes: BLOCK,
  int: VARINT,
  float: FOUR,
  int32s: VARINT,
  int64s: VARINT,
  uint64s: VARINT,
  floats: FOUR,
  doubles: EIGHT,
};

interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  parts: number;
}

const RECURRING = new Map<Message, readonly string[]>();

/** Where the pieces of a list of numbers lie: start, end, start, end, ... */
type Pieces = number[];

// `ignoreBOM` keeps a leading byte-order mark as the character that it is.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a protobuf message strictly: every length lies inside its parent, every string is UTF-8, and what is made takes memory
 * in proportion to the file. Lists come as typed arrays (`floats`, `int64s`, ...) or as arrays where a field recurs.
 */
export function decode(bytes: Uint8Array, message: Message): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readMessage({ bytes, view, at: 0, parts: 0 }, message, bytes.length);
}

/** Text from bytes, or `undefined` where they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function readMessage(r: Reader, message: Message, end: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  let lists: Map<Field, Pieces> | undefined;
  for (const name of recurring(message)) result[name] = [];
  while (r.at < end) {
    const tag = readVarint(r, end);
    const [number, wire] = [Math.floor(Number(tag) / 8), Number(tag) % 8];
    if (typeof tag !== "number" || tag < 8 || tag >= 2 ** 32) throw broken(`a field number at byte ${r.at}`);
    const field = message.fields[number];
    if (field === undefined) {
      skip(r, wire, end);
      continue;
    }
    const what = `${message.label}.${field.name}`;
    count(r);
    if (typeof field.kind === "string" && field.kind.endsWith("s") && field.kind !== "bytes") {
      lists ??= new Map();
      const pieces = lists.get(field) ?? [];
      lists.set(field, pieces);
      pieces.push(...readPiece(r, field.kind, wire, end, what));
      continue;
    }
    const value = readValue(r, field, wire, end, what);
    if (field.many) (result[field.name] as unknown[]).push(value);
    else if (typeof field.kind === "object" && field.name in result) throw broken(`${what}, which appears twice`);
    else result[field.name] = value;
  }
  for (const [{ name, kind }, pieces] of lists ?? []) result[name] = numbersOf(r, kind as Kind, pieces);
  return result;
}

/** Names of the fields that are lists even where none is there. */
function recurring(message: Message): readonly string[] {
  const known = RECURRING.get(message);
  if (known !== undefined) return known;
  const names = [...new Set(Object.values(message.fields).flatMap(({ name, many }) => (many ? [name] : [])))];
  RECURRING.set(message, names);
  return names;
}

function readValue(r: Reader, { kind }: Field, wire: number, end: number, what: string): unknown {
  if (wire !== (typeof kind === "string" ? WIRE[kind] : BLOCK)) throw broken(`${what}, which has wire type ${wire}`);
  if (kind === "int") return readVarint(r, end);
  if (kind === "float") {
    const at = advance(r, 4, end, what);
    return r.view.getFloat32(at, true);
  }
  const length = readLength(r, end, what);
  const start = r.at;
  if (typeof kind === "object") return readMessage(r, kind, start + length);
  r.at += length;
  const bytes = r.bytes.subarray(start, r.at);
  if (kind === "bytes") return bytes;
  const text = textOf(bytes);
  if (text === undefined) throw broken(`${what}, which is not UTF-8`);
  return text;
}

/** One piece of a list: a block of packed numbers, or a single one. */
function readPiece(r: Reader, kind: Kind, wire: number, end: number, what: string): [number, number] {
  if (wire === BLOCK) {
    const length = readLength(r, end, what);
    const start = r.at;
    r.at += length;
    const width = WIRE[kind] === FOUR ? 4 : WIRE[kind] === EIGHT ? 8 : 1;
    if (length % width !== 0) throw broken(`${what}, whose ${length} bytes are no whole number of elements`);
    if (width === 1 && length > 0 && r.bytes[r.at - 1]! > 127) throw broken(`${what}, which ends inside a number`);
    return [start, r.at];
  }
  if (wire !== WIRE[kind]) throw broken(`${what}, which has wire type ${wire}`);
  const start = r.at;
  skip(r, wire, end);
  return [start, r.at];
}

function numbersOf(r: Reader, kind: Kind, pieces: Pieces): unknown {
  const sum = (lengthOf: (start: number, end: number) => number): number => {
    let total = 0;
    for (let i = 0; i < pieces.length; i += 2) total += lengthOf(pieces[i]!, pieces[i + 1]!);
    return total;
  };
  // The last byte of a number is the one below 128.
  const varints = (start: number, end: number): number => {
    let total = 0;
    for (let at = start; at < end; at++) if (r.bytes[at]! < 128) total++;
    return total;
  };
  const fill = <T>(array: T, put: (array: T, i: number, end: number) => void): T => {
    let i = 0;
    for (let piece = 0; piece < pieces.length; piece += 2) {
      r.at = pieces[piece]!;
      while (r.at < pieces[piece + 1]!) put(array, i++, pieces[piece + 1]!);
    }
    return array;
  };
  // The pieces lie behind; reading goes on where it was.
  const { at } = r;
  const result = read();
  r.at = at;
  return result;

  function read(): unknown {
    switch (kind) {
      case "floats":
        return fill(new Float32Array(sum((start, end) => (end - start) / 4)), (array, i) => {
          array[i] = r.view.getFloat32(r.at, true);
          r.at += 4;
        });
      case "doubles":
        return fill(new Float64Array(sum((start, end) => (end - start) / 8)), (array, i) => {
          array[i] = r.view.getFloat64(r.at, true);
          r.at += 8;
        });
      case "int32s":
        return fill(new Int32Array(sum(varints)), (array, i, end) => {
          const value = readVarint(r, end);
          array[i] = typeof value === "number" ? value : Number(BigInt.asIntN(32, value));
        });
      case "uint64s":
        return fill(new BigUint64Array(sum(varints)), (array, i, end) => {
          array[i] = BigInt(readVarint(r, end));
        });
      default:
        return fill(new BigInt64Array(sum(varints)), (array, i, end) => {
          array[i] = BigInt(readVarint(r, end));
        });
    }
  }
}

/** A number of up to 64 bits, signed; `bigint` where 53 bits do not hold it. */
function readVarint(r: Reader, end: number): number | bigint {
  let value = 0;
  let scale = 1;
  let high = 0;
  for (let i = 0; i < LONGEST; i++) {
    if (r.at >= end) throw broken(`a number at byte ${r.at}, which is cut off`);
    const byte = r.bytes[r.at++]!;
    // 49 bits are exact in a double; the 15 above them are kept apart.
    if (i < 7) {
      value += (byte & 127) * scale;
      scale *= 128;
    } else high += (byte & 127) << (7 * (i - 7));
    if (byte > 127) continue;
    if (high === 0) return value;
    const whole = BigInt.asIntN(64, (BigInt(high) << 49n) + BigInt(value));
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
  }
  throw broken(`a number at byte ${r.at}, which is longer than 64 bits`);
}

function readLength(r: Reader, end: number, what: string): number {
  const length = readVarint(r, end);
  if (typeof length !== "number" || length < 0 || r.at + length > end) {
    throw broken(`${what}, whose ${length} bytes reach beyond what holds it; the file is cut off or damaged`);
  }
  return length;
}

function advance(r: Reader, length: number, end: number, what: string): number {
  const start = r.at;
  if (start + length > end) throw broken(`${what}, which is cut off`);
  r.at += length;
  return start;
}

function skip(r: Reader, wire: number, end: number): void {
  if (wire === VARINT) readVarint(r, end);
  else if (wire === EIGHT) advance(r, 8, end, "a field");
  else if (wire === FOUR) advance(r, 4, end, "a field");
  // `readLength` moves on; it has to be read before the sum.
  else if (wire === BLOCK) {
    const length = readLength(r, end, "a field");
    r.at += length;
  } else throw broken(`a field at byte ${r.at} of wire type ${wire}`);
}

function count(r: Reader): void {
  if (++r.parts > MOST_PARTS) {
    throw fail(WHERE, `the file holds more than ${MOST_PARTS} messages, strings and lists; no model needs that many`);
  }
}

function broken(what: string): Error {
  return fail(WHERE, `expected an ONNX model; the protobuf does not parse: found ${what}`);
}
