import { expect, it } from "vitest";
import { fitCommandLine } from "./command-line.ts";

it("says the settings again, quoted for a shell", () => {
  const settings = {
    data: "it's here/pets",
    freezing: { name: "last", groups: 2 },
    head: { name: "mlp", hidden: [8, 4] },
    lr: 0.01,
    strict: true,
  };
  expect(fitCommandLine(settings, 7)).toBe(
    "graft fit 'it'\\''s here/pets' --freezing last --set freezing.groups=2 --head mlp --set 'head.hidden=[8,4]' --lr 0.01 --seed 7 --strict",
  );
});

it("says augmentations with their options", () => {
  const augment = ["horizontal-flip", { name: "random-resized-crop", scale: [0.5, 1] }];
  expect(fitCommandLine({ data: "pets", augment, views: 3, mixing: { name: "mixup", alpha: 0.4 } }, 0)).toBe(
    "graft fit pets --mixing mixup --set mixing.alpha=0.4 --augment horizontal-flip,random-resized-crop --set 'augment.random-resized-crop.scale=[0.5,1]' --views 3 --seed 0",
  );
});

it("says how training goes", () => {
  const settings = {
    data: "pets",
    schedule: { name: "cosine", warmup: 0.1 },
    sampler: "balanced",
    regularizer: "l2-sp",
    teacher: { name: "big", strength: 2 },
    classWeights: { cat: 2 },
    accumulate: 2,
    ema: 0.99,
  };
  expect(fitCommandLine(settings, 0)).toBe(
    "graft fit pets --schedule cosine --set schedule.warmup=0.1 --sampler balanced --regularizer l2-sp --teacher big --set teacher.strength=2 --class-weights '{\"cat\":2}' --accumulate 2 --ema 0.99 --seed 0",
  );
});
