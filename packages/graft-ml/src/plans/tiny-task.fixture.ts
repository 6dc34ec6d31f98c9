import {
  type Backbone,
  type Engine,
  float32,
  type Preprocessing,
  seededRandom,
  sizeOf,
  type Tensor,
} from "@graft-ml/core";
import { inferShapes, upTo } from "@graft-ml/graph";
import { inMemory, type SampleSource } from "@graft-ml/trainers";
import type { Prepared, SampleSupply } from "../supply.ts";

export const CLASSES: readonly string[] = ["a", "b", "c"];

/** A supply of a tiny backbone that remembers which boundaries it was asked for. */
export interface TinySupply extends SampleSupply<number> {
  readonly asked: string[];
  /** Samples that went through the frozen part. */
  readonly ran: number;
}

/** Random pictures for a tiny backbone, brighter in another channel for each class. */
export function tinySupply(engine: Engine, { card, graph }: Backbone<Preprocessing>, train = 18, test = 9): TinySupply {
  const dims = inferShapes(graph, { batch: 1 }).values.get(card.input)!.dims.slice(1) as number[];
  const drawn = (count: number, purpose: string): { images: Tensor; targets: number[] } => {
    const random = seededRandom(3).fork(purpose);
    const targets = Array.from({ length: count }, (_, i) => i % CLASSES.length);
    const each = sizeOf(dims) / dims[0]!;
    const data = targets.flatMap((target) =>
      Array.from({ length: sizeOf(dims) }, (_, k) => random.normal() + (Math.floor(k / each) === target ? 1 : 0)),
    );
    return { images: float32([count, ...dims], data), targets };
  };
  const [training, tests] = [drawn(train, "train"), drawn(test, "test")];
  const asked: string[] = [];
  let ran = 0;
  const at = async (boundary: string, { images, targets }: ReturnType<typeof drawn>): Promise<SampleSource<number>> => {
    if (boundary === card.input) return inMemory(boundary, images, targets);
    const program = await engine.prepare(upTo(graph, [boundary]));
    const { [boundary]: values } = await program.run({ [card.input]: images });
    await program.release();
    ran += targets.length;
    return inMemory(boundary, values!, targets);
  };
  return {
    asked,
    get ran() {
      return ran;
    },
    async at(boundary): Promise<Prepared<number>> {
      asked.push(boundary);
      const testSamples = Array.from({ length: test }, (_, i) => i);
      return { train: await at(boundary, training), test: await at(boundary, tests), testSamples };
    },
  };
}
