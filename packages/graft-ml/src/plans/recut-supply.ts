import {
  type Backbone,
  type Engine,
  GraftError,
  type Preprocessing,
  type RunControl,
  type Tensors,
} from "@graft-ml/core";
import { cut, inferShapes, upTo } from "@graft-ml/graph";
import { withValues } from "../model.ts";
import type { Prepared, SampleSupply } from "../supply.ts";
import { type RecutSource, recutSize, recutSource } from "./recut-source.ts";

/** Samples at a boundary of a model that is being trained. */
export interface Recut<Sample> extends Prepared<Sample> {
  /** Where the samples really are: below the wanted boundary if values there would not fit into memory. */
  readonly boundary: string;
  /** Seconds that computing the values took. */
  readonly seconds: number;
}

/** Gives samples at boundaries of a model some of whose weights have been trained. */
export interface RecutSupply<Sample> {
  /** Samples at a boundary, as the model is with the `trained` initializers in it. Training and validation samples are ready. */
  at(boundary: string, trained?: Tensors): Promise<Recut<Sample>>;
}

/** How values are re-cut. */
export interface RecutOptions {
  /** The lowest boundary that will be asked for: it is fetched once, all others are computed from there. */
  readonly lowest: string;
  /** Runs the stretches between boundaries. */
  readonly engine: Engine;
  /** Bytes of re-cut values that are held in memory. Default: 1 GiB. */
  readonly limit?: number;
  readonly control?: RunControl;
}

/**
 * Moves a supply's samples between the boundaries of a model in training. The samples are fetched at the lowest boundary, once; values at
 * a higher one are computed from those by the stretch of layers between, with the weights as they are by then, and stay in memory: they are
 * never stored under the pretrained model's name. So a boundary that moves decodes nothing again, and what comes out depends on the plan
 * alone, not on what happens to be in the store.
 */
export function recutSupply<Sample, P extends Preprocessing>(
  supply: SampleSupply<Sample>,
  { card, graph }: Backbone<P>,
  { lowest, engine, limit = 1024 ** 3, control }: RecutOptions,
): RecutSupply<Sample> {
  let fetched: Promise<Prepared<Sample>> | undefined;
  const start = (): Promise<Prepared<Sample>> => (fetched ??= supply.at(lowest));
  const changed = (boundary: string, trained: Tensors): string | undefined => {
    if (boundary === card.input) return undefined;
    const { initializers } = upTo(graph, [boundary]);
    return Object.keys(trained).find((name) => initializers.has(name));
  };
  return {
    async at(boundary, trained = {}) {
      const stale = changed(lowest, trained);
      if (stale !== undefined) {
        throw new GraftError("bug", "graft/recut", `"${stale}" below the lowest boundary "${lowest}" has been trained`);
      }
      if (boundary === lowest) return { ...(await start()), boundary, seconds: 0 };
      // Where all layers train in some phase there is nothing to start from but the samples, which the supply may have passed on before.
      if (lowest === card.input && changed(boundary, trained) === undefined) {
        return { ...(await supply.at(boundary)), boundary, seconds: 0 };
      }
      const prepared = await start();
      const { prefix, suffix } = cut(withValues(graph, trained), [boundary]);
      const stretch = lowest === card.input ? prefix : cut(prefix, [lowest]).suffix;
      const kept = suffix.inputs.map(({ name }) => name).filter((name) => name !== boundary);
      const { dims } = inferShapes(graph).values.get(boundary)!;
      const sources = [prepared.train, prepared.test, ...(prepared.validation ? [prepared.validation] : [])];
      if (sources.reduce((bytes, source) => bytes + recutSize(source, dims), 0) > limit) {
        return { ...prepared, boundary: lowest, seconds: 0 };
      }
      const began = performance.now();
      const work = { engine, stretch, boundary, kept, dims, ...(control && { control }) };
      const made = <T extends Prepared<Sample>["train"]>(source: T): RecutSource => recutSource(source, work);
      const train = made(prepared.train);
      const validation = prepared.validation && made(prepared.validation);
      await train.ready();
      await validation?.ready();
      const seconds = (performance.now() - began) / 1000;
      return { ...prepared, train, test: made(prepared.test), ...(validation && { validation }), boundary, seconds };
    },
  };
}
