/** Who has to act: `input` the user (exit 2), `bug` us (exit 1), `interrupted` nobody (exit 130). */
export type ErrorCode = "input" | "bug" | "interrupted";

/** The one error class of Graft: where it happened, what was wrong, how to mend it, in one line. */
export class GraftError extends Error {
  readonly code: ErrorCode;
  /** The part that speaks, e.g. `heads/linear`. */
  readonly where: string;

  constructor(code: ErrorCode, where: string, message: string, options?: { cause?: unknown }) {
    super(`[${where}] ${message}`, options);
    this.name = "GraftError";
    this.code = code;
    this.where = where;
  }
}

/** Makes the error for wrong input: `throw fail("heads/linear", "expected ...; received ...")`. */
export function fail(where: string, message: string, options?: { cause?: unknown }): GraftError {
  return new GraftError("input", where, message, options);
}

/** Throws the `interrupted` error if the signal is set. */
export function checkInterrupted(signal: AbortSignal | undefined, where: string): void {
  if (signal?.aborted) throw new GraftError("interrupted", where, "interrupted");
}

/** The error for a name that nobody registered: suggests the nearest and lists the known. */
export function unknownName(where: string, kind: string, name: string, known: readonly string[]): GraftError {
  if (known.length === 0) return fail(where, `unknown ${kind} "${name}"; there are none`);
  const near = nearest(name, known);
  const hint = near === undefined ? "" : ` did you mean "${near}"?`;
  return fail(where, `unknown ${kind} "${name}";${hint} known: ${[...known].sort().join(", ")}`);
}

function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let distance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of known) {
    const d = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (d < distance) [best, distance] = [candidate, d];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
