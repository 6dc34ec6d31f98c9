import { type Engine, fail, type Head, type TargetSpec, type Tensor, type Tensors } from "@graft-ml/core";
import { cut, graphBuilder } from "@graft-ml/graph";
import type { Headed } from "./attach-head.ts";
import { padded, plainBatches, type SampleSource } from "./batches.ts";
import { sampleLosses } from "./sample-losses.ts";

/** What channels are judged by. */
export interface ChannelAttentionOptions<Target> {
  readonly engine: Engine;
  /** The pretrained network with a head that was trained on it, frozen. */
  readonly headed: Headed;
  readonly head: Head<Target>;
  readonly targets: TargetSpec;
  readonly data: SampleSource<Target>;
  /** Names of the values `[batch, channels, ...]`. */
  readonly maps: readonly string[];
  /** Default: 32. */
  readonly batch?: number;
}

const WHERE = "trainers/channel-attention";
const EACH = "sample_loss";

/**
 * How much the channels of feature maps matter for a task, for `delta`: the softmax of how much the loss grows when one of them is
 * left out (Li et al., ICLR 2019, eq. 7). As many forward passes above each map as it has channels.
 */
export async function channelAttention<Target>(
  options: ChannelAttentionOptions<Target>,
): Promise<Record<string, number[]>> {
  const attention: Record<string, number[]> = {};
  for (const map of options.maps) attention[map] = softmax(await lossesWithout(options, map));
  return attention;
}

/** How much the mean loss grows without each channel. */
async function lossesWithout<Target>(options: ChannelAttentionOptions<Target>, map: string): Promise<number[]> {
  const { engine, headed, head, targets, data, batch: asked = 32 } = options;
  const batch = Math.min(asked, data.length);
  const { prefix, suffix } = cut(headed.graph, [map]);
  const g = graphBuilder(suffix, { batch });
  const { losses } = sampleLosses(g, { headed, head: head as Head, targets }, batch);
  const above = await engine.prepare(g.finish([g.name(losses, EACH)]));
  const below = await engine.prepare(prefix);
  const kept = suffix.inputs.map(({ name }) => name).filter((name) => name !== map);
  let grown: number[] | undefined;
  try {
    for (const wanted of plainBatches(data, batch)) {
      const full = padded(wanted, batch);
      const fed = await data.feed(full);
      const { [map]: value } = await below.run(
        Object.fromEntries(prefix.inputs.map(({ name }) => [name, fed[name]!])),
        [map],
      );
      const channels = channelsOf(map, value!);
      grown ??= new Array<number>(channels).fill(0);
      const beside: Tensors = {
        ...Object.fromEntries(kept.map((name) => [name, fed[name]!])),
        ...head.encode(
          full.indices.map((index) => data.targets[index]!),
          targets,
        ),
      };
      const total = async (present: Tensor): Promise<number> => {
        const { [EACH]: each } = await above.run({ ...beside, [map]: present }, [EACH]);
        return (each!.data as Float32Array).subarray(0, wanted.indices.length).reduce((sum, loss) => sum + loss, 0);
      };
      const whole = await total(value!);
      for (let channel = 0; channel < channels; channel++) {
        grown[channel]! += ((await total(without(value!, channel))) - whole) / data.length;
      }
    }
  } finally {
    await above.release();
    await below.release();
  }
  return grown ?? [];
}

function channelsOf(name: string, { dims }: Tensor): number {
  if (dims.length >= 2) return dims[1]!;
  throw fail(WHERE, `expected "${name}" to be [batch, channels, ...]; received [${dims.join(", ")}]`);
}

/** The value with zeros in one channel. */
function without(value: Tensor, channel: number): Tensor {
  const [batch, channels, ...rest] = value.dims as [number, number, ...number[]];
  const each = rest.reduce((size, dim) => size * dim, 1);
  const data = Float32Array.from(value.data as Float32Array);
  for (let n = 0; n < batch; n++) data.fill(0, (n * channels + channel) * each, (n * channels + channel + 1) * each);
  return { ...value, data };
}

function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const parts = values.map((value) => Math.exp(value - top));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}
