import { expect, it } from "vitest";
import type { Io } from "./io.ts";
import { watch } from "./progress.ts";

function piped(): { io: Io; told: string[] } {
  const told: string[] = [];
  const io = {
    stderr: { write: (text: string) => told.push(text) },
    signal: new AbortController().signal,
  } as unknown as Io;
  return { io, told };
}

it("tells only notices, in one clean line, where stderr is no terminal", () => {
  const { io, told } = piped();
  const { control, stop } = watch(io);
  control.onEvent!({ type: "stage", stage: "features", total: 3 });
  control.onEvent!({ type: "progress", stage: "features", done: 1, total: 3 });
  control.onEvent!({ type: "notice", message: "skipped \u001b[2Ja.png" });
  stop();
  expect(told).toEqual(["skipped �[2Ja.png\n"]);
});

it("tells nothing when quiet", () => {
  const { io, told } = piped();
  const { control } = watch(io, true);
  control.onEvent?.({ type: "notice", message: "skipped" });
  expect([told, control.signal]).toEqual([[], io.signal]);
});
