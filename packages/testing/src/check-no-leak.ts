import { type Engine, fail, type Graph, seededRandom, type Tensors } from "@graft-ml/core";
import { type Check, listChecks } from "./check.ts";
import { holds, isSame } from "./expectations.ts";
import { copied, randomInputs } from "./run-once.ts";

/** How an engine is watched. */
export interface LeakCheckOptions {
  /** Counts what the engine holds at the moment, such as `() => tf.memory().numTensors`. Default: not counted. */
  readonly held?: () => number;
  /** Default: 50. */
  readonly runs?: number;
}

/** The checks that an engine frees what it takes and hands out values of the caller's own, on a graph of float inputs. */
export function checkNoLeak(
  engine: Engine | (() => Promise<Engine>),
  graph: Graph,
  options: LeakCheckOptions = {},
): Check[] {
  const { held = () => 0, runs = 50 } = options;
  const open = async (): Promise<Engine> => (typeof engine === "function" ? engine() : engine);
  const feeds = (seed: number): Tensors => randomInputs(graph.inputs, seededRandom(seed), 2);

  return listChecks({
    "many runs hold nothing and give the same bits": async () => {
      const opened = await open();
      const empty = held();
      const program = await opened.prepare(graph);
      const first = copied(await program.run(feeds(1)));
      const after = held();
      for (let i = 1; i < runs; i++) isSame(`the outputs of run ${i + 1}`, await program.run(feeds(1)), first);
      holds(
        held() === after,
        () => `expected ${after} held after ${runs} runs, as after the first; received ${held()}`,
      );
      await program.release();
      holds(held() === empty, () => `expected ${empty} held after the release; received ${held()}`);
    },
    "outputs are the caller's own": async () => {
      const program = await (await open()).prepare(graph);
      const [inputs, results] = [feeds(1), await program.run(feeds(1))];
      const before = copied(results);
      await program.run(feeds(2));
      isSame("the first outputs after a second run", results, before);
      isSame("the fed inputs", inputs, feeds(1));
      await program.release();
    },
    "a second release is harmless": async () => {
      const program = await (await open()).prepare(graph);
      await program.release();
      await program.release();
    },
    "a run after the release is refused": async () => {
      const program = await (await open()).prepare(graph);
      await program.release();
      const outcome = await program.run(feeds(1)).then(
        () => "accepted",
        (error: Error) => error.message,
      );
      if (!/^\[[^\]]+\] .*released/.test(outcome))
        throw fail("testing", `expected an error that says the program was released; received "${outcome}"`);
    },
  });
}
