import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackboneSource, Head, Preprocessing } from "@graft-ml/core";
import { imageFolder } from "@graft-ml/data";
import { tinyBackbone } from "@graft-ml/testing";
import { TEACHER_LOGITS } from "@graft-ml/trainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { teach } from "./distill.ts";
import { full, linear, load, mlp, type TransferOptions, transfer } from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";
import { openSubject } from "./subject.ts";

let data: string;
let scratch: string;
let bundle: string;
const tiny = (seed: number): BackboneSource<Preprocessing> => ({
  name: `tiny-${seed}`,
  summary: "",
  load: async () => tinyBackbone(seed),
});
const common = (): TransferOptions => ({ data, backbone: tiny(3), cache: join(scratch, "cache"), seed: 2 });
const pupil = {
  freezing: full(),
  head: mlp({ hidden: 6 }) as Head,
  epochs: 3,
  batch: 4,
  engine: "onnxruntime",
} as const;

beforeAll(async () => {
  data = await pictureFolder(8);
  scratch = await mkdtemp(join(tmpdir(), "graft-distill-"));
  const teacher = await transfer(common());
  bundle = await teacher.save(join(scratch, "teacher"));
  await teacher.release();
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

describe("a bundle as teacher", () => {
  it("is asked for every training sample, in their order", async () => {
    const subject = await openSubject(common());
    const { values, teacher } = await teach({ from: bundle }, common(), subject);
    const training = (await imageFolder(data, { seed: 2 })).samples.filter(({ split }) => split === "train");
    const { dims, data: logits } = values[TEACHER_LOGITS]!;
    expect(dims).toEqual([training.length, subject.dataset.classes.length]);
    expect(teacher).toMatch(/^tiny#[0-9a-f]{16}$/);
    const opened = await load(bundle);
    const answers = await opened.predict(training.map(({ path }) => path));
    await opened.release();
    for (const [i, { scores }] of answers.entries()) {
      for (const [k, name] of subject.dataset.classes.entries()) {
        expect(Math.exp(logits[i * dims[1]! + k]!)).toBeCloseTo(scores[name]!, 5);
      }
    }
    const { train } = await subject.supply.at(subject.backbone.card.input);
    expect(train.targets).toEqual(training.map(({ label }) => label));
  });

  it("changes what is learned, and is told", async () => {
    const run = async (options: Partial<TransferOptions>): Promise<readonly [readonly number[], unknown]> => {
      const result = await transfer({ ...common(), ...pupil, ...options });
      await result.release();
      const { loss, method } = result.summary.train;
      return [loss, method.regularizers];
    };
    const [plain, taught] = [await run({}), await run({ distill: { from: bundle, strength: 2, temperature: 3 } })];
    expect(taught[1]).toBe("distill-logits");
    expect(plain[1]).toBeUndefined();
    expect(taught[0]).not.toEqual(plain[0]);
    expect(taught[0].at(-1)!).toBeLessThan(taught[0][0]!);
  });

  it("has to know the classes", async () => {
    const other = await pictureFolder(8);
    const subject = await openSubject({ ...common(), data: other });
    const dataset = { ...subject.dataset, classes: [...subject.dataset.classes.slice(1), "unicorn"] };
    await rm(other, { recursive: true, force: true });
    await expect(teach({ from: bundle }, common(), { ...subject, dataset } as typeof subject)).rejects.toThrow(
      `[graft/distill] the teacher ${bundle} knows no class "unicorn"; known: `,
    );
  });
});

describe("a backbone as teacher", () => {
  it("hands its features on, from the cache", async () => {
    const result = await transfer({ ...common(), ...pupil, distill: { from: tiny(8), strength: 0.5 } });
    await result.release();
    const { loss, method } = result.summary.train;
    expect(method.regularizers).toBe("distill-features");
    expect(loss.at(-1)!).toBeLessThan(loss[0]!);
  });

  it("trains a head that would be solved without", async () => {
    const result = await transfer({ ...common(), head: linear() as Head, distill: { from: tiny(8) } });
    await result.release();
    expect(result.summary.train.method.optimizer).toBe("adamw");
  });

  it("has no temperature", async () => {
    await expect(transfer({ ...common(), ...pupil, distill: { from: tiny(8), temperature: 2 } })).rejects.toThrow(
      "[graft/distill] expected a temperature only with a bundle as teacher; a backbone has features, not predictions",
    );
  });
});
