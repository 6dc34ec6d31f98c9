import { fail, type Tensor, type Tensors, toNumbers } from "@graft-ml/core";

/** Throws unless the condition holds. */
export function holds(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw fail("testing", message());
}

/** The text is one non-empty line. */
export function isOneLine(what: string, text: unknown): asserts text is string {
  holds(
    typeof text === "string" && text.trim() !== "" && !/[\r\n]/.test(text),
    () => `expected ${what} to be one line; received ${JSON.stringify(text)}`,
  );
}

/** The name is the plugin's: kebab-case, and the expected one. */
export function isName(name: unknown, expected: string | undefined): void {
  holds(
    typeof name === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name),
    () => `expected a kebab-case name; received ${JSON.stringify(name)}`,
  );
  holds(expected === undefined || name === expected, () => `expected the name "${expected}"; received "${name}"`);
}

/** The action throws one line that begins with who speaks; returns that line. */
export function refuses(what: string, where: string, action: () => unknown): string {
  let message: string | undefined;
  try {
    action();
  } catch (error) {
    message = error instanceof Error ? error.message : String(error);
  }
  holds(message !== undefined, () => `expected ${what} to be refused; it was accepted`);
  isOneLine(`the error for ${what}`, message);
  holds(
    message.startsWith(`[${where}] `),
    () => `expected the error for ${what} to begin with "[${where}] "; received "${message}"`,
  );
  return message;
}

/** Every number of every tensor is finite. */
export function areFinite(what: string, tensors: Tensors): void {
  for (const [name, value] of Object.entries(tensors)) {
    const bad = Array.from(toNumbers(value)).find((number) => !Number.isFinite(number));
    holds(bad === undefined, () => `expected ${what} to be finite; "${name}" holds ${bad}`);
  }
}

/** Both hold the same names, shapes and bits. */
export function isSame(what: string, actual: Tensors, expected: Tensors): void {
  const names = Object.keys(expected).sort().join(", ");
  holds(
    Object.keys(actual).sort().join(", ") === names,
    () => `expected ${what} to be ${names}; received ${Object.keys(actual).sort().join(", ")}`,
  );
  for (const [name, value] of Object.entries(expected)) {
    holds(sameBits(actual[name]!, value), () => `expected ${what} to be the same bits; "${name}" differs`);
  }
}

/** Same type, shape and bits. */
export function sameBits(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.every((byte, i) => byte === y[i]);
}

/** The numbers agree within `tolerance`, absolute below 1 and relative above. */
export function isNear(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  holds(
    actual.length === expected.length,
    () => `expected ${expected.length} numbers of ${what}; received ${actual.length}`,
  );
  for (let i = 0; i < expected.length; i++) {
    const near = Math.abs(actual[i]! - expected[i]!) <= tolerance * Math.max(1, Math.abs(expected[i]!));
    holds(near, () => `expected ${what} within ${tolerance}; number ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

/** The value survives JSON unchanged; `undefined`, NaN, typed arrays and functions do not. */
export function isPlainJson(what: string, value: unknown, path = ""): void {
  const at = path === "" ? what : `${what} at ${path}`;
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    holds(Number.isFinite(value), () => `expected ${at} to be plain JSON; received ${value}`);
    return;
  }
  const plain =
    Array.isArray(value) || (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype);
  holds(
    plain,
    () =>
      `expected ${at} to be plain JSON; received ${typeof value === "object" ? value?.constructor?.name : typeof value}`,
  );
  for (const [key, part] of Object.entries(value as object))
    isPlainJson(what, part, path === "" ? key : `${path}.${key}`);
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
