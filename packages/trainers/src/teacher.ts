import { type Engine, fail, float32, type Graph, sizeOf, type Tensor } from "@graft-ml/core";
import { plainBatches, type SampleSource } from "./batches.ts";

const WHERE = "trainers/teacher";

/**
 * A source whose batches also bring what a teacher says of their samples: `values` are fed by name, `[length, ...]` each, in the order of
 * the source. The teacher has spoken once for each sample: it takes no time in training.
 */
export function withTeacher<Target>(
  source: SampleSource<Target>,
  values: Readonly<Record<string, Tensor & { readonly data: Float32Array }>>,
): SampleSource<Target> {
  for (const [name, { dims }] of Object.entries(values)) {
    if (dims[0] !== source.length) {
      throw fail(WHERE, `expected a row of "${name}" a sample; received ${dims[0]} for ${source.length}`);
    }
  }
  return {
    ...source,
    async feed(batch) {
      const fed = await source.feed(batch);
      const taught = Object.entries(values).map(([name, { dims, data }]): [string, Tensor] => {
        const size = sizeOf(dims.slice(1));
        const rows = new Float32Array(batch.indices.length * size);
        for (const [i, index] of batch.indices.entries()) {
          rows.set(data.subarray(index * size, (index + 1) * size), i * size);
        }
        return [name, float32([batch.indices.length, ...dims.slice(1)], rows)];
      });
      return { ...fed, ...Object.fromEntries(taught) };
    },
  };
}

/** Samples that go through a teacher at once. */
const BATCH = 32;

/** What a teacher's graph gives for every sample of a source of its own inputs, in the order of the source, `[length, ...]`. */
export async function teacherValues(
  engine: Engine,
  graph: Graph,
  output: string,
  source: SampleSource,
): Promise<Tensor & { readonly data: Float32Array }> {
  const program = await engine.prepare(graph);
  let all: { readonly dims: readonly number[]; readonly data: Float32Array } | undefined;
  try {
    for (const wanted of plainBatches(source, BATCH)) {
      const { [output]: found } = await program.run(await source.feed(wanted), [output]);
      const each = found!.dims.slice(1);
      const size = sizeOf(each);
      all ??= { dims: [source.length, ...each], data: new Float32Array(source.length * size) };
      for (const [i, index] of wanted.indices.entries()) {
        all.data.set((found!.data as Float32Array).subarray(i * size, (i + 1) * size), index * size);
      }
    }
  } finally {
    await program.release();
  }
  if (all === undefined) throw fail(WHERE, "expected at least one sample; received none");
  return { dtype: "float32", ...all };
}
