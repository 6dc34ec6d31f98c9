import type { Engine, FeatureSpec, Head, PlainOptions, TargetSpec } from "@graft-ml/core";
import type { HeadProblem } from "./problem.ts";

/** A head under test. */
export interface HeadSubject {
  /** The name that is expected; left out where any will do. */
  readonly expectedName: string | undefined;
  make(options?: PlainOptions): Head;
  problem(): HeadProblem;
  engine(): Promise<Engine>;
  readonly validOptions: readonly PlainOptions[];
  readonly invalidOptions: readonly PlainOptions[];
  readonly refused: readonly { readonly features: FeatureSpec; readonly targets: TargetSpec }[] | undefined;
}
