import { fail, float32, numberOption, onlyOptions, type PlainOptions, type Value } from "@graft-ml/core";
import { reduceMean, reduceSum } from "@graft-ml/graph";
import type { Regularizer } from "./regularizer.ts";
import { total } from "./sums.ts";

const WHERE = "trainers/delta";

/**
 * Keeps feature maps near those of the pretrained network on the same samples: for each map the squared distance of every channel,
 * a mean over its positions, weighted by the channel's attention (Li et al., ICLR 2019, eq. 5 and 6).
 *
 * Defaults: `maps`, names of values `[batch, channels, ...]`: what the head reads; `attention`, the weights of the channels of each
 * map, which sum to 1 (`channelAttention` finds them), or `measured`, which `transfer` finds them by: equal ones; `strength` 0.01.
 */
export function delta(options: PlainOptions = {}): Regularizer {
  onlyOptions(WHERE, options, ["maps", "attention", "strength"]);
  const strength = numberOption(WHERE, options, "strength", 0.01, { min: 0 });
  const { maps, attention = {} } = options;
  if (
    maps !== undefined &&
    !(Array.isArray(maps) && maps.length > 0 && maps.every((name) => typeof name === "string"))
  ) {
    throw fail(WHERE, `expected maps to be a list of names; received ${JSON.stringify(maps)}`);
  }
  const measured = attention === "measured";
  return {
    name: "delta",
    summary: "keeps feature maps near those of the pretrained network",
    ...(measured && {
      async informed(knowledge): Promise<Regularizer> {
        const found = await knowledge.attention(maps as string[] | undefined);
        return delta({ ...options, maps: Object.keys(found), attention: found as PlainOptions });
      },
    }),
    term({ features, current, before, mean }, g) {
      if (measured) throw fail(WHERE, "expected attention as weights of channels; received measured, which nobody did");
      const distance = (name: string): Value => {
        const map = current(name);
        const [, channels = 1, ...positions] = map.dims as number[];
        const difference = g.op("Sub", [map, before(name)]);
        const squared = g.op("Mul", [difference, difference]);
        const axes = positions.map((_, i) => i + 2);
        const each = axes.length === 0 ? squared : reduceMean(g, squared, axes, false);
        const weights = attentionOf(attention, name, channels);
        const weighted = weights === undefined ? each : g.op("Mul", [each, g.constant(float32([channels], weights))]);
        return mean(reduceSum(g, weighted, [1], false));
      };
      const names = (maps as string[] | undefined) ?? [features.name];
      return g.op("Mul", [total(g, names.map(distance)), g.scalar(strength)]);
    },
  };
}

/** Weights of a map's channels, times their number: equal ones are all 1 and need no product. */
function attentionOf(attention: unknown, name: string, channels: number): number[] | undefined {
  const own = (attention as Readonly<Record<string, unknown>>)[name];
  if (own === undefined) return undefined;
  const fits = Array.isArray(own) && own.length === channels && own.every((weight) => weight >= 0);
  if (!fits) {
    throw fail(
      WHERE,
      `expected the attention of "${name}" to be ${channels} numbers ≥ 0; received ${JSON.stringify(own)}`,
    );
  }
  return own.map((weight) => weight * channels);
}
