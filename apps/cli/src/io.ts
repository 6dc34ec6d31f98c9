/** Where text goes: what the command line needs of a stream. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The outside world of one invocation; tests bring their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Set when the user wants the run to end. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether tables on stdout may be coloured. */
  readonly colors: boolean;
}
