import { type Head, seededRandom, type TargetSpec, type Tensors } from "@graft-ml/core";
import { readModel, writeModel } from "@graft-ml/graph";
import type { Checks } from "../check.ts";
import { areFinite, holds, isPlainJson, isSame } from "../expectations.ts";
import { runOnce } from "../run-once.ts";
import { type Attached, attach, FEATURES, shaken, withPredictions } from "./attach.ts";
import { classificationOutput, isAffineSoftmax, isDecodedLabel } from "./classification.ts";
import type { HeadSubject } from "./subject.ts";

/** What a head predicts, decodes, measures and exports. */
export function predictionChecks(subject: HeadSubject): Checks {
  const built = (): Attached => shaken(attach(subject.make(), subject.problem(), 1), seededRandom("testing/shaken"));
  const predict = async (temperature: number, attached = built()): Promise<Tensors> => {
    const graph = withPredictions(attached, subject.make(), temperature);
    return runOnce(await subject.engine(), graph, { [FEATURES]: subject.problem().features });
  };
  const decoded = async (): Promise<{
    head: Head;
    predictions: unknown[];
    targets: readonly unknown[];
    spec: TargetSpec;
  }> => {
    const [head, { targets, spec }] = [subject.make(), subject.problem()];
    return { head, predictions: head.decode(await predict(1), spec), targets, spec };
  };
  const isClassification = (): boolean => subject.make().task === "classification";

  return {
    "predictions are finite": async () => {
      areFinite("the predictions", await predict(1));
      if (isClassification()) classificationOutput(await predict(1), subject.problem());
    },
    "predictions have the batch first": () => {
      const graph = withPredictions(built(), subject.make(), 1);
      for (const { name, dims } of graph.outputs) {
        holds(
          dims[0] === "batch",
          () => `expected the prediction "${name}" to be [batch, ...]; received [${dims.join(", ")}]`,
        );
      }
    },
    "decode gives one prediction a sample": async () => {
      const { predictions, targets } = await decoded();
      holds(
        predictions.length === targets.length,
        () => `expected ${targets.length} predictions; received ${predictions.length}`,
      );
      if (isClassification()) isDecodedLabel(predictions, await predict(1), subject.problem().spec);
    },
    "the temperature changes the confidence, not the answer": async () => {
      const [warm, hot] = [await predict(1), await predict(2)];
      areFinite("the predictions at temperature 2", hot);
      if (!isClassification()) return;
      const [before, after] = [
        classificationOutput(warm, subject.problem()),
        classificationOutput(hot, subject.problem()),
      ];
      before.forEach((row, i) => {
        const [label, other] = [largest(row), largest(after[i]!)];
        holds(
          label === other,
          () => `expected sample ${i} to stay class ${label} at temperature 2; it became ${other}`,
        );
        holds(
          after[i]![label]! < row[label]!,
          () => `expected sample ${i} to be less sure at temperature 2; ${row[label]} became ${after[i]![label]}`,
        );
      });
    },
    "calibrate gives a temperature": async () => {
      const { head, predictions, targets, spec } = await decoded();
      const found = head.calibrate(predictions, targets, spec);
      holds(Number.isFinite(found) && found > 0, () => `expected a positive temperature; received ${found}`);
    },
    "evaluate gives plain JSON, the same for the same seed": async () => {
      const { head, predictions, targets, spec } = await decoded();
      const measure = () => head.evaluate(predictions, targets, spec, seededRandom(3));
      isPlainJson("the measures", measure());
      const [a, b] = [JSON.stringify(measure()), JSON.stringify(measure())];
      holds(a === b, () => `expected the same measures for the same seed; received ${a} and ${b}`);
    },
    "the graph survives an ONNX file": async () => {
      const graph = withPredictions(built(), subject.make(), 1);
      const bytes = writeModel(graph);
      const again = readModel(bytes);
      holds(
        Buffer.compare(Buffer.from(writeModel(again)), Buffer.from(bytes)) === 0,
        () => "expected the file read back to be written the same; it is not",
      );
      const inputs = { [FEATURES]: subject.problem().features };
      const engine = await subject.engine();
      isSame("the outputs of the file", await runOnce(engine, again, inputs), await runOnce(engine, graph, inputs));
    },
    "a head that claims a closed form is its affine map": async () => {
      if (subject.make().closedForm === undefined) return;
      const attached = built();
      isAffineSoftmax(attached, await predict(1, attached), subject.problem());
    },
  };
}

/** Index of the largest number. */
function largest(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}
