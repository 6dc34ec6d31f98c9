import type { Random } from "@graft-ml/core";
import { MODEL } from "./model/messages.ts";
import type { Field, Message } from "./model/wire.ts";

/** A field of a file as it stands: a message has `parts`, anything else its bytes after the tag. */
interface Part {
  readonly label: string;
  readonly number: number;
  readonly wire: number;
  parts?: Part[];
  bytes: Uint8Array;
}

/** Ways to damage one field of a file whose lengths stay right. */
export const FIELD_MUTATIONS: readonly FieldMutation[] = [
  "field-drop",
  "field-copy",
  "field-swap",
  "field-number",
  "field-text",
  "field-lend",
];

/** A way to damage one field. */
export type FieldMutation = "field-drop" | "field-copy" | "field-swap" | "field-number" | "field-text" | "field-lend";

const EXTREMES = [0n, 1n, 2n, 3n, 7n, 13n, 127n, 2n ** 31n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Damages one field of an intact file; `other` lends fields. */
export function mutateField(bytes: Uint8Array, other: Uint8Array, mutation: FieldMutation, random: Random): Uint8Array {
  const root = parse(bytes, MODEL);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const homes = lists(root);
  const texts = homes.flat().filter((part) => part.parts === undefined && part.wire === 2 && part.bytes.length < 64);
  const numbers = homes.flat().filter((part) => part.wire === 0);
  const home = pick(homes);
  const at = random.integer(home.length);
  switch (mutation) {
    case "field-drop":
      home.splice(at, 1);
      break;
    case "field-copy":
      home.splice(random.integer(home.length + 1), 0, home[at]!);
      break;
    case "field-swap": {
      const second = random.integer(home.length);
      [home[at], home[second]] = [home[second]!, home[at]!];
      break;
    }
    case "field-number":
      pick(numbers).bytes = varint(pick(EXTREMES));
      break;
    case "field-text": {
      const target = pick(texts);
      const same = texts.filter(({ label }) => label === target.label);
      target.bytes = random.uniform() < 0.9 ? pick(same).bytes : Uint8Array.of(0xc3, 0x28);
      break;
    }
    case "field-lend": {
      const lent = pick(
        lists(parse(other, MODEL))
          .flat()
          .filter(({ label }) => home.some((part) => part.label.split(".")[0] === label.split(".")[0]))
          .concat(home),
      );
      home.splice(at, 1, lent);
      break;
    }
  }
  return encode(root);
}

/** The fields of every message of a file that has some. */
function lists(parts: Part[]): Part[][] {
  return [parts, ...parts.flatMap((part) => (part.parts === undefined ? [] : lists(part.parts)))].filter(
    (list) => list.length > 0,
  );
}

function parse(bytes: Uint8Array, message: Message): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, afterTag] = readVarint(bytes, at);
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    const field: Field | undefined = message.fields[number];
    const [length, start] = wire === 2 ? readVarint(bytes, afterTag) : [0n, afterTag];
    const end =
      wire === 2
        ? start + Number(length)
        : wire === 0
          ? readVarint(bytes, at + (afterTag - at))[1]
          : start + (wire === 5 ? 4 : 8);
    const content = bytes.subarray(start, end);
    const part: Part = { label: `${message.label}.${field?.name}`, number, wire, bytes: content };
    if (typeof field?.kind === "object") part.parts = parse(content, field.kind);
    parts.push(part);
    at = end;
  }
  return parts;
}

function encode(parts: readonly Part[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.flatMap(({ number, wire, parts: inner, bytes }) => {
        const content = inner === undefined ? bytes : encode(inner);
        const tag = varint(BigInt(number * 8 + wire));
        return wire === 2 ? [tag, varint(BigInt(content.length)), content] : [tag, content];
      }),
    ),
  );
}

function readVarint(bytes: Uint8Array, from: number): [bigint, number] {
  let value = 0n;
  let at = from;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error("expected an intact file");
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}
