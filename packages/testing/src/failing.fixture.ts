import { expect } from "vitest";
import type { Check } from "./check.ts";

/** Names and messages of the checks that fail. */
export async function failing(checks: readonly Check[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      found[name] = (error as Error).message;
    }
  }
  return found;
}

/** What one check, which there must be, says of a broken plugin. */
export async function failureOf(checks: readonly Check[], name: string): Promise<string> {
  const check = checks.find((each) => each.name === name);
  expect(checks.map((each) => each.name)).toContain(name);
  return (await failing([check!]))[name] ?? "nothing";
}
