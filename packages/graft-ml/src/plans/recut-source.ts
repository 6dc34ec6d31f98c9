import {
  allocate,
  checkInterrupted,
  type Dim,
  type DType,
  type Engine,
  type Graph,
  type RunControl,
  sizeOf,
  type Tensor,
  type TensorData,
} from "@graft-ml/core";
import { plainBatches, type SampleBatch, type SampleSource } from "@graft-ml/trainers";

/** The layers between two boundaries, and how they are run. */
export interface RecutWork {
  readonly engine: Engine;
  /** From the boundary of the given source to the wanted one. */
  readonly stretch: Graph;
  readonly boundary: string;
  /** Inputs that the layers above the boundary take as well, a mask for instance: passed on. */
  readonly kept: readonly string[];
  /** Shape of the value at the boundary, batch first. */
  readonly dims: readonly Dim[];
  readonly control?: RunControl;
}

/** A source at another boundary; its values are computed when they are first asked for, and held in memory. */
export interface RecutSource extends SampleSource<number> {
  /** Resolves when the values are there. */
  ready(): Promise<void>;
}

/** Samples in one run of the stretch. */
const BATCH = 16;

/** Bytes that a source's values at a boundary would take. */
export function recutSize(source: SampleSource, dims: readonly Dim[]): number {
  const each = elements(source, dims);
  return 4 * (source.views ?? 1) * each.reduce((sum, count) => sum + count, 0);
}

/** Runs the layers between two boundaries once over all samples of a source, in each of their views. */
export function recutSource(source: SampleSource<number>, work: RecutWork): RecutSource {
  const { views = 1 } = source;
  let rows: Promise<readonly Rows[]> | undefined;
  const all = (): Promise<readonly Rows[]> => (rows ??= compute(source, work));
  const { lengths: _, paddings: __, ...fixed } = source;
  const sequences = typeof work.dims[1] === "string" || work.kept.length > 0;
  return {
    ...(sequences ? source : fixed),
    async ready() {
      await all();
    },
    async feed(batch) {
      const places = batch.indices.map((index) => index + source.length * viewOf(source, batch, index, views));
      return Object.fromEntries((await all()).map((each) => [each.name, gathered(each, places, batch)]));
    },
  };
}

/** Which kept view of a sample a batch asks for: a given one, an epoch's own draw, or the sample as it is. */
function viewOf(source: SampleSource, batch: SampleBatch, index: number, views: number): number {
  if (views === 1) return 0;
  if (batch.view !== undefined) return batch.view;
  return batch.epoch === undefined ? 0 : (source.drawn?.(index, batch.epoch) ?? 0);
}

/** One input's rows of all samples and views, end to end, without padding. */
interface Rows {
  readonly name: string;
  readonly dtype: DType;
  /** Shape of a row; of one position where rows are sequences. */
  readonly dims: readonly number[];
  readonly sequences: boolean;
  /** Where each row starts, and where the last one ends. */
  readonly starts: readonly number[];
  readonly data: TensorData;
}

async function compute(source: SampleSource<number>, work: RecutWork): Promise<readonly Rows[]> {
  const { engine, stretch, boundary, kept, control } = work;
  const { views = 1 } = source;
  const rows = new Map<string, Rows>();
  const total = source.length * views;
  const program = await engine.prepare(stretch, { background: true });
  let done = 0;
  try {
    control?.onEvent?.({ type: "stage", stage: "recut", total });
    for (let view = 0; view < views; view++) {
      for (const wanted of plainBatches(source, BATCH)) {
        checkInterrupted(control?.signal, "graft/recut");
        const inputs = await source.feed(views === 1 ? wanted : { ...wanted, view });
        const fed = Object.fromEntries(stretch.inputs.map(({ name }) => [name, inputs[name]!]));
        const found = await program.run(fed, [boundary]);
        for (const [name, tensor] of [
          [boundary, found[boundary]!] as const,
          ...kept.map((name) => [name, inputs[name]!] as const),
        ]) {
          const place = rows.get(name) ?? emptyRows(name, tensor, source, work);
          rows.set(name, place);
          scatter(
            place,
            tensor,
            wanted.indices.map((index) => index + source.length * view),
          );
        }
        done += wanted.indices.length;
        control?.onEvent?.({ type: "progress", stage: "recut", done, total });
      }
    }
  } finally {
    await program.release();
  }
  return [...rows.values()];
}

function emptyRows(name: string, tensor: Tensor, source: SampleSource, { boundary, dims }: RecutWork): Rows {
  // What is passed on besides the boundary goes with the tokens wherever there are any.
  const sequences =
    source.lengths !== undefined && (name === boundary ? typeof dims[1] === "string" : tensor.dims.length > 1);
  const row = tensor.dims.slice(sequences ? 2 : 1);
  const starts = [0];
  for (let view = 0; view < (source.views ?? 1); view++) {
    for (let i = 0; i < source.length; i++)
      starts.push(starts.at(-1)! + sizeOf(row) * (sequences ? source.lengths![i]! : 1));
  }
  return { name, dtype: tensor.dtype, dims: row, sequences, starts, data: allocate(tensor.dtype, starts.at(-1)!) };
}

function scatter({ starts, data }: Rows, tensor: Tensor, places: readonly number[]): void {
  const each = tensor.data.length / tensor.dims[0]!;
  for (const [i, place] of places.entries()) {
    const count = starts[place + 1]! - starts[place]!;
    copy(tensor.data, i * each, count, data, starts[place]!);
  }
}

function gathered(
  { dtype, dims, sequences, starts, data }: Rows,
  places: readonly number[],
  { tokens }: SampleBatch,
): Tensor {
  const longest = (): number =>
    Math.max(...places.map((place) => (starts[place + 1]! - starts[place]!) / sizeOf(dims)));
  const shape = sequences ? [places.length, tokens ?? longest(), ...dims] : [places.length, ...dims];
  const out = allocate(dtype, sizeOf(shape));
  const each = sizeOf(shape.slice(1));
  for (const [i, place] of places.entries())
    copy(data, starts[place]!, starts[place + 1]! - starts[place]!, out, i * each);
  return { dtype, dims: shape, data: out };
}

function copy(from: TensorData, start: number, count: number, to: TensorData, at: number): void {
  // Both are of one type, which the union does not say.
  (to as Float32Array).set((from as Float32Array).subarray(start, start + count), at);
}

/** Elements of each sample's row. */
function elements(source: SampleSource, dims: readonly Dim[]): number[] {
  const fixed = dims.slice(1).reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : 1), 1);
  const sequences = source.lengths !== undefined && typeof dims[1] === "string";
  return Array.from({ length: source.length }, (_, i) => fixed * (sequences ? source.lengths![i]! : 1));
}
