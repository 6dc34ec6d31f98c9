import { join } from "node:path";
import { seededRandom } from "@graft-ml/core";
import type { RunSummary, TestPrediction } from "graft-ml";
import { linear } from "graft-ml";
import { expect, it } from "vitest";
import { paintClasses, scratch } from "../io.fixture.ts";
import { reportPage } from "./page.ts";

const HOSTILE = `</style><script>alert("&'1")</script>\u0007\u202e`;

interface Case {
  readonly classes: readonly string[];
  readonly predictions: readonly TestPrediction[];
  readonly folder: string;
  readonly train?: Partial<RunSummary["train"]>;
  readonly kind?: RunSummary["data"]["kind"];
}

function summaryOf({ classes, predictions, folder, train, kind = "pictures" }: Case): RunSummary {
  const test = linear().evaluate(
    predictions,
    predictions.map(({ target }) => target),
    { classes },
    seededRandom(0),
  );
  return {
    backbone: "tiny",
    freezing: "frozen",
    head: "linear",
    seed: 5,
    engine: { train: "solver:logistic", frozen: "onnxruntime" },
    groups: { frozen: 3, trained: 0 },
    parameters: { total: 1000, trained: 10, most: 10 },
    seconds: { decode: 0, features: 1, train: 2, total: 3 },
    cache: { hits: 1, misses: 2, bytes: 2048 },
    train: { samples: 9, epochs: 0, loss: [], validation: [], method: {}, phases: [], ...train },
    test: test as unknown as RunSummary["test"],
    plan: { strategy: "frozen", phases: [{ groups: [], normalization: "frozen" }] },
    audit: { frozen: 3, identical: 3, thawed: 0, changed: 0 },
    temperature: 1.2,
    data: {
      kind,
      folder,
      classes,
      fingerprint: "f",
      skipped: [{ path: join(folder, HOSTILE), reason: HOSTILE }],
      duplicates: 1,
    },
  };
}

/** One prediction a sample: class `i % k`, wrong for every third. */
function predict(count: number, k: number, path: (i: number) => string): TestPrediction[] {
  return Array.from({ length: count }, (_, i) => {
    const target = i % k;
    const label = i % 3 === 0 ? (target + 1) % k : target;
    const probabilities = new Float32Array(k).fill(0.4 / (k - 1));
    probabilities[label] = 0.6;
    return { path: path(i), target, label, probabilities };
  });
}

it("tells all of a run in one page that refers to nothing and believes nobody", async () => {
  const folder = await scratch();
  await paintClasses(folder, { one: [10, 20, 30] }, 3);
  const classes = ["one", HOSTILE, "three"];
  const testPredictions = predict(9, 3, (i) => join(folder, "one", `${i % 3}.png`));
  const method = { solver: "logistic", c: 0.1, grid: [1, 0.1, 0.01], cvLoss: [0.9, 0.5, 0.7] };
  const summary = summaryOf({ classes, predictions: testPredictions, folder, train: { method } });
  const page = await reportPage({ summary, testPredictions, command: "graft fit pets --seed 5" });

  expect(page.match(/<h2>[^<]*/g)).toEqual(
    [
      "What is taken for what",
      "Surest mistakes",
      "Is its confidence to be believed?",
      "How sure is it?",
      "Class by class",
      "How much penalty?",
      "Left out",
      "Settings",
      "Do it again",
    ].map((title) => `<h2>${title}`),
  );
  expect(page).not.toContain("<script");
  for (const character of ["\u0007", "\u202e"]) expect(page).not.toContain(character);
  expect(page.match(/<\/style>/g)?.length).toBe(page.match(/<style/g)?.length);
  expect(page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:|url\((?!#)| src="(?!data:image)/);
  expect(page.match(/<img [^>]* alt="[^"]+">/g)).toHaveLength(3);
  expect(page).toContain("graft fit pets --seed 5");
  expect(page).toContain("66.7&#160;%");
});

it("draws the learning curve of a trained head, and says so where nothing was wrong", async () => {
  const testPredictions = predict(6, 2, () => "gone.png").map((each) => ({
    ...each,
    label: each.target,
    probabilities: Float32Array.of(0.5, 0.5),
  }));
  const summary = summaryOf({
    classes: ["a", "b"],
    predictions: testPredictions,
    folder: "/d",
    train: { loss: [2, 1, 0.5], validation: [2, 1.5, 1.6], epochs: 3 },
  });
  const page = await reportPage({ summary, testPredictions, command: "" });
  expect(page).toContain("<h2>Learning curve");
  expect(page).toContain("None on the test pictures.");
});

it("stays small with many classes and pictures that are gone", async () => {
  const k = 400;
  const testPredictions = predict(2000, k, () => "gone.png");
  const summary = summaryOf({
    classes: Array.from({ length: k }, (_, i) => `class ${i}`),
    predictions: testPredictions,
    folder: "/d",
  });
  const page = await reportPage({ summary, testPredictions, command: "" });
  expect(page.match(/no preview/g)).toHaveLength(24);
  expect(page.length).toBeLessThan(600_000);
});

it("shows mistakes on texts as texts, believes none, and says texts everywhere", async () => {
  const long = `${HOSTILE} ${"word ".repeat(1000)}`;
  const testPredictions = predict(6, 2, (i) => `/d/reviews.csv:${i}`).map((each, i) => ({
    ...each,
    text: i === 0 ? long : `text ${i}`,
    ...(i === 3 && { pair: HOSTILE }),
  }));
  const summary = summaryOf({ classes: ["bad", "good"], predictions: testPredictions, folder: "/d", kind: "texts" });
  const page = await reportPage({ summary, testPredictions, command: "graft fit reviews.csv" });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
  expect(page.match(/<blockquote>/g)).toHaveLength(3);
  expect(page).toContain("reviews.csv:3");
  expect(page).toContain("test texts are named right");
  expect(page.length).toBeLessThan(60_000);
  expect(page).not.toMatch(/picture/);
});

it("tells why a strategy that measured chose what it trained", async () => {
  const testPredictions = predict(6, 2, () => "gone.png");
  const summary = summaryOf({ classes: ["a", "b"], predictions: testPredictions, folder: "/d" });
  const reasons = [
    { group: HOSTILE, probe: 0.5, fits: false },
    { group: "top", probe: 0.75, fits: true, rate: 1 },
  ];
  const page = await reportPage({
    summary: { ...summary, plan: { ...summary.plan, reasons } },
    testPredictions,
    command: "",
  });
  expect(page).toContain("<h2>Why these layers?");
  expect(page).toContain("<td>top</td><td>0.75</td><td>yes</td><td>1</td>");
  expect(page).not.toContain("<script");
  expect(page).toContain("3 of 3 frozen tensors are bit for bit as pretrained");
});
