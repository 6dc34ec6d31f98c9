import { type Backbone, type Engine, type Preprocessing, toNumbers, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceMean, reduceSum } from "@graft-ml/graph";
import { plainBatches, type SampleSource } from "@graft-ml/trainers";
import { concatenate } from "../stored-rows.ts";

/** Values at the ends of all layer groups. */
export interface PooledFeatures {
  /** For each group its pooled values, `[samples, channels]`. */
  readonly values: readonly Float32Array[];
  /** Seconds a sample: fetching what the input takes, and running the graph. */
  readonly seconds: { readonly feed: number; readonly forward: number };
}

const BATCH = 16;

/** Runs a backbone once over samples, and averages the values at every group's end over places or tokens. */
export async function pooledFeatures(
  backbone: Backbone<Preprocessing>,
  source: SampleSource<number>,
  engine: Engine,
): Promise<PooledFeatures> {
  const { groups, graph } = backbone;
  const g = graphBuilder({ ...graph, outputs: [] });
  const pooled = groups.map(({ boundary }, i) => g.name(pool(g, backbone, g.value(boundary)), `pooled.${i}`));
  const program = await engine.prepare(g.finish(pooled));
  const rows = pooled.map(() => new Array<Float32Array>(source.length));
  const seconds = { feed: 0, forward: 0 };
  let timed = 0;
  try {
    for (const [n, batch] of plainBatches(source, BATCH).entries()) {
      const start = performance.now();
      const inputs = await source.feed(batch);
      const fed = performance.now();
      const results = await program.run(inputs);
      // The first run prepares itself.
      if (n > 0 || source.length <= BATCH) {
        seconds.feed += (fed - start) / 1000;
        seconds.forward += (performance.now() - fed) / 1000;
        timed += batch.indices.length;
      }
      for (const [i, { name }] of pooled.entries()) {
        const values = Float32Array.from(toNumbers(results[name]!));
        const width = values.length / batch.indices.length;
        for (const [k, index] of batch.indices.entries()) rows[i]![index] = values.slice(k * width, (k + 1) * width);
      }
    }
  } finally {
    await program.release();
  }
  return {
    values: rows.map(concatenate),
    seconds: { feed: seconds.feed / timed, forward: seconds.forward / timed },
  };
}

/** Mean over height and width, over the tokens that there are, or nothing where there is only a vector. */
function pool(g: OpenGraph, { card }: Backbone<Preprocessing>, value: Value): Value {
  const rank = value.dims.length;
  // A value without channels of its own, such as a vector: as it is, under a name of its own.
  if (rank <= 2) return g.op("Identity", [value]);
  if (rank > 3 || !("tokenizer" in card.preprocessing)) {
    return reduceMean(g, value, rank > 3 ? value.dims.flatMap((_, i) => (i > 1 ? [i] : [])) : [1], false);
  }
  const present = g.op("Unsqueeze", [g.op("Cast", [g.value(card.preprocessing.mask)], { to: 1 }), g.ints([2])]);
  return g.op("Div", [reduceSum(g, g.op("Mul", [value, present]), [1], false), reduceSum(g, present, [1], false)]);
}
