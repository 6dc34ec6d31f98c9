import { expect, it } from "vitest";
import { graft } from "../io.fixture.ts";

it("says how to see the plan of a strategy that needs data", async () => {
  expect(await graft(["inspect", "efficientnet-lite0", "--freezing", "selective"])).toEqual({
    code: 2,
    stdout: "",
    stderr:
      '[cli/inspect] "selective" plans by measures of your data, and inspect has no data. ' +
      '"graft fit <data> --freezing selective --out <bundle>" carries its plan out and prints it; ' +
      '"graft inspect <bundle> --save-plan plan.json" then writes it, and "graft fit <data> --plan plan.json" uses it again\n',
  });
});
