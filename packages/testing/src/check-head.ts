import type { Factory, FeatureSpec, Head, PlainOptions, TargetSpec } from "@graft-ml/core";
import { type Check, listChecks, type Skip } from "./check.ts";
import { declaredChecks } from "./head/declared.ts";
import { learningChecks } from "./head/learns.ts";
import { predictionChecks } from "./head/predicts.ts";
import { type HeadProblem, problemFor } from "./head/problem.ts";
import type { HeadSubject } from "./head/subject.ts";
import { defaultEngine, type OpenEngine } from "./run-once.ts";

/** How a head is checked. */
export interface HeadCheckOptions<Target = unknown> {
  /** The name that the head must have; a plugin's is its file's. */
  readonly name?: string;
  /** Options for all checks but those of options. Default: none. */
  readonly options?: PlainOptions;
  /** A tiny task that 20 steps of gradient descent make progress on. Default: the kit's own for classification. */
  readonly samples?: HeadProblem<Target>;
  /** Options that must be accepted. */
  readonly validOptions?: readonly PlainOptions[];
  /** Options that must be refused with an error that names the head. */
  readonly invalidOptions?: readonly PlainOptions[];
  /** Tasks that `check` must refuse. Default: features of rank 0 and 5, no class, one class. */
  readonly refused?: readonly { readonly features: FeatureSpec; readonly targets: TargetSpec }[];
  readonly skip?: readonly Skip[];
  /** Default: ONNX Runtime. */
  readonly engine?: OpenEngine;
}

/** The checks that every head passes, for any test runner: `runChecks(checkHead(myHead), test)`. */
export function checkHead<Target, Prediction>(
  factory: Factory<Head<Target, Prediction>>,
  options: HeadCheckOptions<Target> = {},
): Check[] {
  const make: HeadSubject["make"] = (chosen = options.options) =>
    (chosen === undefined ? factory() : factory(chosen)) as Head;
  const subject: HeadSubject = {
    expectedName: options.name,
    make,
    problem: () => options.samples ?? problemFor(make().task),
    engine: options.engine ?? defaultEngine,
    validOptions: options.validOptions ?? [],
    invalidOptions: options.invalidOptions ?? [],
    refused: options.refused,
  };
  return listChecks(
    { ...declaredChecks(subject), ...learningChecks(subject), ...predictionChecks(subject) },
    options.skip,
  );
}
