import { fail, unknownName } from "@graft-ml/core";

/** One named promise of a contract; `run` rejects where it is broken. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

/** A check that does not apply to a plugin, with the reason that a reader will ask for. */
export interface Skip {
  readonly check: string;
  readonly reason: string;
}

/** Checks by name, as the kit's parts give them. */
export type Checks = Readonly<Record<string, () => void | Promise<void>>>;

/** Hands every check to a test runner: `runChecks(checkHead(myHead), test)`. */
export function runChecks(checks: readonly Check[], test: (name: string, run: () => Promise<void>) => unknown): void {
  for (const { name, run } of checks) test(name, run);
}

/** Lists checks; a skipped one stays in the list under its reason, so that a report shows it. */
export function listChecks(checks: Checks, skips: readonly Skip[] = []): Check[] {
  const reasons = new Map(skips.map(({ check, reason }) => [check, reason]));
  for (const { check, reason } of skips) {
    if (!(check in checks)) throw unknownName("testing", "check", check, Object.keys(checks));
    if (reason.trim() === "") throw fail("testing", `expected a reason for skipping "${check}"; received none`);
  }
  return Object.entries(checks).map(([name, run]) => {
    const reason = reasons.get(name);
    if (reason !== undefined) return { name: `${name} (skipped: ${reason})`, run: async () => {} };
    return { name, run: async () => run() };
  });
}
