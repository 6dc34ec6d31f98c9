import type {
  FeatureSpec,
  GraphBuilder,
  OriginalClassifier,
  TargetSpec,
  Tensor,
  Tensors,
  Value,
  Values,
} from "@graft-ml/core";

/** A trained value together with what it was in the pretrained network. */
export interface PretrainedValue {
  readonly name: string;
  readonly value: Value;
  readonly start: Tensor;
}

/** What a regulariser sees of a training step under construction. */
export interface RegularizerContext {
  /** Samples in a batch. */
  readonly batch: number;
  /** Trained initializers of the pretrained network. */
  readonly pretrained: readonly PretrainedValue[];
  /** Trained values that did not come pretrained: the head's. */
  readonly fresh: readonly Value[];
  /** What the head reads, `[batch, ...]`. */
  readonly features: Value;
  /** The head's outputs by its own names. */
  readonly outputs: Values;
  /** What the head's targets are fed to. */
  readonly targets: Values;
  /** Weight of each sample in the loss, `[batch]`; 0 where a batch is filled up. */
  readonly weights: Value;
  /** A value of the network that trains, by its name in the pretrained graph. */
  current(name: string): Value;
  /** The same value as the pretrained network computes it for the same samples. */
  before(name: string): Value;
  /** A trained value of the regulariser's own, by its name in `own`. */
  own(name: string): Value;
  /** The value without its gradient: a constant to what is differentiated. */
  detach(value: Value): Value;
  /** Weighted mean of one number a sample, `[batch]`, as the loss is averaged. */
  mean(each: Value): Value;
}

/** A pretrained classifier, and what its classes have to do with those of a task. */
export interface SourceClassifier extends OriginalClassifier {
  /** p(source class | target class), a row for each target class: `sourceRelationship`. */
  readonly relationship: readonly (readonly number[])[];
}

/** What can be found out about a pretrained network and the training samples, each at a price that only who asks pays. */
export interface PretrainedKnowledge {
  /** The classifier that it was pretrained with. */
  classifier(): Promise<SourceClassifier>;
  /** How much each channel of feature maps matters, by the map's name. Default: the features. */
  attention(maps?: readonly string[]): Promise<Readonly<Record<string, readonly number[]>>>;
}

/** A term that is added to the loss. */
export interface Regularizer {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** The same with what it has to know first; `transfer` asks for it before anything is trained. */
  informed?(knowledge: PretrainedKnowledge): Promise<Regularizer>;
  /** Values that it trains beside the network, with their first values; they do not outlive the training. */
  own?(features: FeatureSpec, targets: TargetSpec): Tensors;
  /** The term, a scalar. */
  term(context: RegularizerContext, g: GraphBuilder): Value;
}
