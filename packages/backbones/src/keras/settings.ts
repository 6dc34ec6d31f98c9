import { fail, type GraftError } from "@graft-ml/core";

/** A JSON object as it came from a file: nothing in it is certain. */
export type Json = Readonly<Record<string, unknown>>;

/** The settings of one layer, checked as they are read. */
export interface Settings {
  /** The setting as it is, or undefined. */
  raw(key: string): unknown;
  number(key: string, otherwise?: number): number;
  boolean(key: string, otherwise: boolean): boolean;
  text(key: string, otherwise?: string): string;
  /** A number for both spatial axes, or one for each. */
  pair(key: string, otherwise?: readonly [number, number]): readonly [number, number];
  /** The error for a setting that cannot be used. */
  wrong(key: string, expected: string): GraftError;
}

/** Reads a layer's settings; `where` names the layer in errors. */
export function settings(where: string, record: Json): Settings {
  const wrong = (key: string, expected: string) =>
    fail("backbones/keras", `${where}: expected ${key} to be ${expected}; received ${JSON.stringify(record[key])}`);
  return {
    wrong,
    raw: (key) => record[key] ?? undefined,
    number(key, otherwise) {
      const value = record[key] ?? otherwise;
      if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(key, "a number");
      return value;
    },
    boolean(key, otherwise) {
      const value = record[key] ?? otherwise;
      if (typeof value !== "boolean") throw wrong(key, "true or false");
      return value;
    },
    text(key, otherwise) {
      const value = record[key] ?? otherwise;
      if (typeof value !== "string") throw wrong(key, "a name");
      return value;
    },
    pair(key, otherwise) {
      const value = record[key] ?? otherwise;
      const both = typeof value === "number" ? [value, value] : value;
      if (!isWholeList(both) || both.length !== 2) throw wrong(key, "one or two whole numbers, none negative");
      return [both[0]!, both[1]!];
    },
  };
}

/** Whether a value is a list of whole numbers from 0 on. */
export function isWholeList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

/** Whether a value is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
