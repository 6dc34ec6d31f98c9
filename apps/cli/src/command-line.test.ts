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
