import { type Tensors, toNumbers } from "@graft-ml/core";
import { differentiate } from "@graft-ml/graph";
import type { Checks } from "../check.ts";
import { descend, ones, withValues } from "../descent.ts";
import { areFinite, holds, isNear, isSame, sameBits } from "../expectations.ts";
import { runOnce } from "../run-once.ts";
import { attach, EACH, FEATURES, LOSS, parameterValues, withLoss, withPredictions } from "./attach.ts";
import { classificationOutput } from "./classification.ts";
import { firstSamples, type HeadProblem, paddedSamples } from "./problem.ts";
import type { HeadSubject } from "./subject.ts";

const STEPS = 20;
const RATE = 0.1;

/** What a head builds, and how it learns. */
export function learningChecks(subject: HeadSubject): Checks {
  const built = (seed = 1) => attach(subject.make(), subject.problem(), seed);
  const feeds = (problem: HeadProblem): Tensors => ({
    [FEATURES]: problem.features,
    ...subject.make().encode(problem.targets, problem.spec),
    sample_weight: ones(problem.targets.length),
  });
  /** Loss and gradients of a problem, with its sample weights. */
  const slope = async (problem: HeadProblem, weights = ones(problem.targets.length)): Promise<Tensors> => {
    const attached = built();
    const graph = withLoss(attached, subject.make(), problem);
    const { graph: both, gradients } = differentiate(graph, LOSS, attached.parameters, {
      batch: problem.targets.length,
    });
    const results = await runOnce(await subject.engine(), both, { ...feeds(problem), sample_weight: weights });
    return {
      [LOSS]: results[LOSS]!,
      ...Object.fromEntries(attached.parameters.map((name) => [name, results[gradients[name]!]!])),
    };
  };

  return {
    "outputs have the batch first": () => {
      const { graph } = built();
      holds(graph.outputs.length > 0, () => "expected at least one output; received none");
      for (const { name, dims } of graph.outputs) {
        holds(dims[0] === "batch", () => `expected output "${name}" to be [batch, ...]; received [${dims.join(", ")}]`);
      }
    },
    "parameters are named head.*": () => {
      const { parameters } = built();
      holds(parameters.length > 0, () => "expected at least one parameter; received none");
      const stray = parameters.find((name) => !name.startsWith("head."));
      holds(stray === undefined, () => `expected parameters named head.*; received "${stray}", which would not train`);
    },
    "the same seed gives the same bits": () =>
      isSame("the initial values", parameterValues(built(7)), parameterValues(built(7))),
    "another seed gives other bits": () => {
      const [a, b] = [parameterValues(built(7)), parameterValues(built(8))];
      holds(
        Object.keys(a).some((name) => !sameBits(a[name]!, b[name]!)),
        () => "expected seeds 7 and 8 to draw different initial values; they are the same",
      );
    },
    "encode gives what the loss reads": () => {
      const { targets, spec } = subject.problem();
      const encoded = subject.make().encode(targets, spec);
      for (const { name, dtype, dims } of subject.make().targetInputs(spec)) {
        const value = encoded[name];
        const expected = [targets.length, ...dims.slice(1)];
        holds(
          value !== undefined,
          () => `expected encode to give "${name}"; received ${Object.keys(encoded).join(", ") || "nothing"}`,
        );
        const fits =
          value.dtype === dtype &&
          value.dims.length === dims.length &&
          expected.every((dim, i) => typeof dim === "string" || dim === value.dims[i]);
        holds(
          fits,
          () =>
            `expected "${name}" to be ${dtype} [${expected.join(", ")}]; received ${value.dtype} [${value.dims.join(", ")}]`,
        );
      }
      const known = new Set(
        subject
          .make()
          .targetInputs(spec)
          .map(({ name }) => name),
      );
      const stray = Object.keys(encoded).find((name) => !known.has(name));
      holds(stray === undefined, () => `expected encode to give only what targetInputs lists; received "${stray}"`);
    },
    "the loss is one finite number a sample": async () => {
      const problem = subject.problem();
      const graph = withLoss(built(), subject.make(), problem);
      const { dims } = graph.outputs.find(({ name }) => name === EACH)!;
      holds(
        dims.length === 1 && dims[0] === problem.targets.length,
        () => `expected the loss to be [batch]; received [${dims.join(", ")}]`,
      );
      areFinite("the loss", await runOnce(await subject.engine(), graph, feeds(problem), [EACH]));
    },
    "a sample's loss does not depend on the rest of its batch": async () => {
      const [whole, part] = [subject.problem(), firstSamples(subject.problem(), 2)];
      const each = async (problem: HeadProblem) => {
        const graph = withLoss(built(), subject.make(), problem);
        return toNumbers((await runOnce(await subject.engine(), graph, feeds(problem), [EACH]))[EACH]!);
      };
      isNear(
        "the loss of the first two samples alone",
        await each(part),
        Array.from(await each(whole)).slice(0, 2),
        1e-5,
      );
    },
    "a gradient reaches every parameter": async () => {
      const { [LOSS]: _, ...gradients } = await slope(subject.problem());
      areFinite("the gradient", gradients);
      const sizes = Object.entries(gradients).map(
        ([name, gradient]) => [name, largestSize(toNumbers(gradient))] as const,
      );
      // A gradient that cancels out is rounding noise rather than zero.
      const noise = 1e-6 * Math.max(...sizes.map(([, size]) => size));
      for (const [name, size] of sizes)
        holds(size > noise, () => `expected a gradient at "${name}"; its largest number is ${size}`);
    },
    "rows of weight zero change nothing": async () => {
      const problem = subject.problem();
      const samples = problem.targets.length;
      const weights = ones(samples + 3);
      weights.data.fill(0 as never, samples);
      const [plain, padded] = [await slope(problem), await slope(paddedSamples(problem, 3), weights)];
      for (const [name, value] of Object.entries(plain)) {
        isNear(
          name === LOSS ? "the padded loss" : `the padded gradient at "${name}"`,
          toNumbers(padded[name]!),
          toNumbers(value),
          1e-5,
        );
      }
    },
    "20 steps of gradient descent learn": async () => {
      const [head, problem, attached, engine] = [subject.make(), subject.problem(), built(), await subject.engine()];
      const { losses, values } = await descend(engine, {
        graph: withLoss(attached, head, problem),
        loss: LOSS,
        rates: Object.fromEntries(attached.parameters.map((name) => [name, RATE])),
        inputs: feeds(problem),
        batch: problem.targets.length,
        steps: STEPS + 1,
      });
      const [first, last] = [losses[0]!, losses[STEPS]!];
      holds(last < first, () => `expected the loss to fall from ${first} in ${STEPS} steps; it is ${last}`);
      if (head.task !== "classification") return;
      const trained = withPredictions({ ...attached, graph: withValues(attached.graph, values) }, head, 1);
      const predicted = await runOnce(engine, trained, { [FEATURES]: problem.features });
      const right = classificationOutput(predicted, problem).filter(
        (row, i) => row.indexOf(Math.max(...row)) === problem.targets[i],
      ).length;
      const most = Math.ceil((2 / 3) * problem.targets.length);
      holds(
        right >= most,
        () =>
          `expected at least ${most} of ${problem.targets.length} training samples to be right after ${STEPS} steps; ${right} are`,
      );
    },
  };
}

function largestSize(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
}
