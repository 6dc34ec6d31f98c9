/** What was written, relative to the root. */
export interface Scaffolded {
  readonly kind: string;
  readonly name: string;
  readonly package: string;
  readonly files: readonly string[];
}
export function scaffold(root: string, kind?: string, name?: string, rest?: readonly string[]): Scaffolded;
export function nextSteps(made: Scaffolded): string;
export function withLine(barrel: string, line: string): string;
