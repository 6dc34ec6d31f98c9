import { fail, unknownName } from "@graft-ml/core";

/** The part of JSON schema that the experiment file's schema uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly description?: string;
}

/** Throws where a JSON value is not what its schema says; `label` is what the user calls the value. */
export function checkValue(where: string, label: string, value: unknown, schema: Schema, root: Schema): void {
  const {
    enum: choices,
    properties = {},
    items,
    additionalProperties,
    required = [],
    ...rest
  } = resolveSchema(schema, root);
  if (choices) {
    if (!choices.includes(value as string)) throw mismatch(where, label, `one of ${choices.join(", ")}`, value);
    return;
  }
  const types = [rest.type ?? []].flat();
  const fits = types.includes(jsonType(value)) || (types.includes("integer") && Number.isSafeInteger(value));
  if (!fits || (typeof value === "number" && !inRange(value, rest))) {
    throw mismatch(where, label, `${types.map(articled).join(" or ")}${rangeOf(rest)}`, value);
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkValue(where, `${label}[${i}]`, item, items ?? {}, root);
  } else if (value !== null && typeof value === "object") {
    const missing = required.find((name) => !Object.hasOwn(value, name));
    if (missing)
      throw fail(
        where,
        `expected "${missing}" in ${label || "the file"}; received only ${Object.keys(value).join(", ") || "{}"}`,
      );
    for (const [name, inner] of Object.entries(value)) {
      if (Object.hasOwn(properties, name))
        checkValue(where, label === "" ? name : `${label}.${name}`, inner, properties[name]!, root);
      else if (additionalProperties === false)
        throw unknownName(where, label === "" ? "setting" : `key of ${label}`, name, Object.keys(properties));
    }
  }
}

/** A schema with its local reference followed. */
export function resolveSchema(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace("#/definitions/", "");
  return name === undefined ? schema : (root.definitions?.[name] ?? {});
}

function inRange(value: number, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): boolean {
  const { NEGATIVE_INFINITY: lowest, POSITIVE_INFINITY: highest } = Number;
  return (
    value >= (minimum ?? lowest) &&
    value <= (maximum ?? highest) &&
    value > (exclusiveMinimum ?? lowest) &&
    value < (exclusiveMaximum ?? highest)
  );
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const bounds = { "≥": minimum, ">": exclusiveMinimum, "≤": maximum, "<": exclusiveMaximum };
  const given = Object.entries(bounds).filter(([, bound]) => bound !== undefined);
  return given.length === 0 ? "" : ` ${given.map(([sign, bound]) => `${sign} ${bound}`).join(" and ")}`;
}

function mismatch(where: string, label: string, expected: string, value: unknown): Error {
  return fail(where, `expected ${label || "the file"} to be ${expected}; received ${JSON.stringify(value)}`);
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function articled(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}
