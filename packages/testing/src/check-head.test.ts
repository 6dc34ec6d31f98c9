import { fail, float32, type Head, onlyOptions, type PlainOptions, seededRandom } from "@graft-ml/core";
import { reduceSum, reshape } from "@graft-ml/graph";
import { describe, expect, it, test } from "vitest";
import { runChecks } from "./check.ts";
import { checkHead } from "./check-head.ts";
import { failing, failureOf } from "./failing.fixture.ts";
import { type Labelled, reference } from "./reference-head.fixture.ts";

type Reference = Head<number, Labelled>;

/** The reference head with one promise broken. */
function broken(change: (good: Reference) => Partial<Reference>): (options?: PlainOptions) => Reference {
  return (options) => ({ ...reference(options), ...change(reference()) });
}

describe("a good head", () => runChecks(checkHead(reference, { name: "reference" }), test));

let calls = 0;
const DEFECTS: readonly [
  defect: string,
  factory: (options?: PlainOptions) => Reference,
  check: string,
  message: string,
][] = [
  [
    "a name in camel case",
    broken(() => ({ name: "myHead" })),
    "name is kebab-case and the expected one",
    'expected a kebab-case name; received "myHead"',
  ],
  [
    "another name than its file",
    broken(() => ({ name: "other" })),
    "name is kebab-case and the expected one",
    'expected the name "reference"; received "other"',
  ],
  [
    "a summary of two lines",
    broken(() => ({ summary: "one\ntwo" })),
    "summary is one line",
    "expected the summary to be one line",
  ],
  ["no task", broken(() => ({ task: "" })), "task is set", "expected the task to be one line"],
  [
    "options that nobody checks",
    () => reference(),
    "options that it does not know are refused by name",
    "expected an unknown option to be refused; it was accepted",
  ],
  [
    "an error that does not say who speaks",
    (options = {}) => {
      onlyOptions("reference", options, []);
      return reference();
    },
    "options that it does not know are refused by name",
    'to begin with "[heads/reference] "',
  ],
  [
    "any shape accepted",
    broken(() => ({ check: () => {} })),
    "a task that it cannot do is refused",
    "expected features [] with 3 classes to be refused",
  ],
  [
    "its own task refused",
    broken(() => ({
      check() {
        throw fail("heads/reference", "no");
      },
    })),
    "a task that it can do is accepted",
    "[heads/reference] no",
  ],
  [
    "an output without the batch",
    broken((good) => ({
      build: (x, spec, g, random) => ({ logits: reshape(g, good.build(x, spec, g, random).logits!, [-1]) }),
    })),
    "outputs have the batch first",
    'expected output "Reshape" to be [batch, ...]',
  ],
  [
    "a parameter that would not train",
    broken((good) => ({
      build(x, spec, g, random) {
        const parameter = (name: string, value: Parameters<typeof g.parameter>[1]) =>
          g.parameter(name.replace("head.bias", "bias"), value);
        return good.build(x, spec, { ...g, parameter }, random);
      },
    })),
    "parameters are named head.*",
    'received "bias", which would not train',
  ],
  [
    "initial values that differ from call to call",
    broken((good) => ({ build: (x, spec, g) => good.build(x, spec, g, seededRandom(calls++)) })),
    "the same seed gives the same bits",
    '"head.weight" differs',
  ],
  [
    "a seed of its own",
    broken((good) => ({ build: (x, spec, g) => good.build(x, spec, g, seededRandom(5)) })),
    "another seed gives other bits",
    "they are the same",
  ],
  [
    "targets under another name",
    broken((good) => ({ encode: (t, s) => ({ labels: good.encode(t, s).target! }) })),
    "encode gives what the loss reads",
    'expected encode to give "target"; received labels',
  ],
  [
    "a NaN loss",
    broken((good) => ({ loss: (o, t, g, s) => g.op("Log", [g.op("Neg", [good.loss(o, t, g, s)])]) })),
    "the loss is one finite number a sample",
    "expected the loss to be finite",
  ],
  [
    "one loss for the whole batch",
    broken((good) => ({ loss: (o, t, g, s) => reduceSum(g, good.loss(o, t, g, s), [0], true) })),
    "the loss is one finite number a sample",
    "expected the loss to be [batch]; received [1]",
  ],
  [
    "a loss that looks at its neighbours",
    broken((good) => ({
      loss(o, t, g, s) {
        const each = good.loss(o, t, g, s);
        return g.op("Mul", [each, reduceSum(g, each, [0], true)]);
      },
    })),
    "rows of weight zero change nothing",
    "expected the padded loss within 0.00001",
  ],
  [
    "a parameter without effect",
    broken((good) => ({
      build(x, spec, g, random) {
        const { logits } = good.build(x, spec, g, random);
        const offset = g.parameter("head.offset", float32([1], [1]));
        return { logits: g.op("Add", [logits!, offset]), offset: reshape(g, logits!, [-1, 3]) };
      },
    })),
    "a gradient reaches every parameter",
    'expected a gradient at "head.offset"',
  ],
  [
    "a loss upside down",
    broken((good) => ({ loss: (o, t, g, s) => g.op("Neg", [good.loss(o, t, g, s)]) })),
    "20 steps of gradient descent learn",
    "training samples to be right after 20 steps",
  ],
  [
    "logits for probabilities",
    broken(() => ({ predict: ({ logits }, g) => ({ probabilities: g.op("Identity", [logits]) }) })),
    "predictions are finite",
    "expected probabilities between 0 and 1",
  ],
  [
    "no probabilities",
    broken((good) => ({ predict: (o, g, t) => ({ scores: good.predict(o, g, t).probabilities! }) })),
    "predictions are finite",
    'expected the prediction "probabilities"; received scores',
  ],
  [
    "one prediction for all",
    broken((good) => ({ decode: (o, s) => good.decode(o, s).slice(0, 1) })),
    "decode gives one prediction a sample",
    "expected 12 predictions; received 1",
  ],
  [
    "the wrong class",
    broken((good) => ({ decode: (o, s) => good.decode(o, s).map(({ label }) => ({ label: (label + 1) % 3 })) })),
    "decode gives one prediction a sample",
    "expected sample 0 to be decoded as class",
  ],
  [
    "a temperature without effect",
    broken((good) => ({ predict: (o, g) => good.predict(o, g, 1) })),
    "the temperature changes the confidence, not the answer",
    "to be less sure at temperature 2",
  ],
  [
    "a temperature below zero",
    broken(() => ({ calibrate: () => -1 })),
    "calibrate gives a temperature",
    "expected a positive temperature; received -1",
  ],
  [
    "a measure that is NaN",
    broken(() => ({ evaluate: () => ({ f1: Number.NaN }) })),
    "evaluate gives plain JSON, the same for the same seed",
    "at f1 to be plain JSON; received NaN",
  ],
  [
    "measures from a seed of its own",
    broken(() => ({ evaluate: () => ({ n: calls++ }) })),
    "evaluate gives plain JSON, the same for the same seed",
    "expected the same measures for the same seed",
  ],
  [
    "a closed form that is none",
    broken((good) => ({
      build: (x, spec, g, random) => ({ logits: g.op("Relu", [good.build(x, spec, g, random).logits!]) }),
    })),
    "a head that claims a closed form is its affine map",
    "expected softmax(features · head.weight + head.bias)",
  ],
];

describe("each defect is caught by the check of its name", () => {
  it.each(DEFECTS)("%s", async (_, factory, check, message) => {
    const checks = checkHead(factory, { name: "reference" });
    expect(await failureOf(checks, check)).toContain(message);
  });

  it("covers every check but the one of options that the plugin's own tests give", () => {
    const covered = new Set(DEFECTS.map(([, , check]) => check));
    const rest = checkHead(reference)
      .map(({ name }) => name)
      .filter((name) => !covered.has(name));
    expect(rest).toEqual([
      "options that it knows are accepted",
      "wrong values of options are refused",
      "a sample's loss does not depend on the rest of its batch",
      "predictions have the batch first",
      "the graph survives an ONNX file",
    ]);
  });
});

describe("options of the kit", () => {
  it("asks for samples of a task that it does not know", async () => {
    const found = await failing(checkHead(broken(() => ({ task: "regression" }))));
    expect(found["20 steps of gradient descent learn"]).toContain('no samples for the task "regression"');
  });

  it("keeps a skipped check in the list under its reason", async () => {
    const skip = [{ check: "task is set", reason: "none yet" }];
    const checks = checkHead(
      broken(() => ({ task: "" })),
      { skip },
    );
    expect(checks.map(({ name }) => name)).toContain("task is set (skipped: none yet)");
    expect(Object.keys(await failing(checks))).not.toContain("task is set");
  });

  it("refuses a skip of nothing, or for nothing", () => {
    expect(() => checkHead(reference, { skip: [{ check: "task is sett", reason: "x" }] })).toThrow(
      'did you mean "task is set"?',
    );
    expect(() => checkHead(reference, { skip: [{ check: "task is set", reason: " " }] })).toThrow(
      "expected a reason for skipping",
    );
  });

  it("tries options that should be refused", async () => {
    const found = await failing(checkHead(() => reference(), { invalidOptions: [{ units: 0 }] }));
    expect(found["wrong values of options are refused"]).toContain('expected {"units":0} to be refused');
  });
});
