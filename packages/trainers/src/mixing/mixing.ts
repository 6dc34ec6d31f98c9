import { fail, type PlainOptions, type Random, type Tensor, type Tensors } from "@graft-ml/core";

/** Values of a batch, `[batch, ...]`. */
export type MixedValues = Omit<Tensor, "data"> & { readonly data: Float32Array };

/** A batch whose samples were mixed with those of their partners. */
export interface Mixed {
  readonly values: Float32Array;
  /** Share of every sample that is its own, 0..1; the rest is its partner's, in the loss as well. */
  readonly share: number;
}

/** Trains on mixtures of two samples, whose loss is the mixture of the losses for both targets. */
export interface Mixing {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** All that decides what it does, defaults filled in; plain JSON. */
  readonly options: PlainOptions;
  /** Mixes each sample of a batch of float32 values `[batch, ...]` with that of its partner, a place in the batch. */
  mix(values: MixedValues, partners: readonly number[], context: MixContext): Mixed;
}

/** What mixing may draw from and look at. */
export interface MixContext {
  readonly random: Random;
  /** Order of the dimensions of pictures. */
  readonly layout: "NCHW" | "NHWC";
}

/** What a step is fed of partners. */
export interface Partners {
  readonly inputs: Tensors;
  /** Place in the batch of each sample's partner. */
  readonly partners: readonly number[];
  /** Share of each sample that is its own, `[batch]`. */
  readonly shares: readonly number[];
}

/**
 * Draws partners among the first `real` samples of a batch, the rest being copies that fill it up, and mixes what the network takes.
 * Pure but for the stream: a batch is mixed after a stop as it would have been without one.
 */
export function mixBatch(mixing: Mixing, inputs: Tensors, real: number, context: MixContext): Partners {
  const [name, ...others] = Object.keys(inputs);
  const tensor = inputs[name!]!;
  const odd = [tensor, ...others.map((other) => inputs[other]!)].findIndex(({ dtype }) => dtype !== "float32");
  if (others.length > 0 || odd >= 0) {
    const first = odd >= 0 ? Object.entries(inputs)[odd]! : ([others[0]!, inputs[others[0]!]!] as const);
    throw fail(
      `trainers/${mixing.name}`,
      `expected one input of numbers that can be mixed; received "${first[0]}" (${first[1].dtype}) among them. Leave mixing out, or freeze up to the features`,
    );
  }
  const batch = tensor.dims[0]!;
  const drawn = context.random.shuffle(Array.from({ length: real }, (_, i) => i));
  const partners = Array.from({ length: batch }, (_, i) => drawn[i] ?? i);
  const { values, share } = mixing.mix({ ...tensor, data: tensor.data as Float32Array }, partners, context);
  return { inputs: { [name!]: { ...tensor, data: values } }, partners, shares: partners.map(() => share) };
}
