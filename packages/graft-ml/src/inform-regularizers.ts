import {
  type Backbone,
  fail,
  float32,
  type Head,
  type OriginalClassifier,
  type Preprocessing,
  seededRandom,
  type TargetSpec,
  type Tensor,
} from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import {
  attachHead,
  channelAttention,
  type PretrainedKnowledge,
  plainBatches,
  type SampleSource,
  sourceRelationship,
  subset,
} from "@graft-ml/trainers";
import { holdOut } from "./hold-out.ts";
import { fittedHead } from "./measuring/fitted-head.ts";
import { withValues } from "./model.ts";
import { openSubject, type Subject } from "./subject.ts";
import type { SampleSupply } from "./supply.ts";
import type { TransferOptions } from "./transfer.ts";

const WHERE = "graft/regularizers";
/** Rows that the pretrained classifier judges at once. */
const BATCH = 256;
/** Samples that channels are judged by, spread evenly: every one costs a pass for every channel. */
const JUDGING = 128;

/**
 * The regularisers of a run, each with what it has to know of the pretrained model and of the samples as they are; the others pass as
 * they came.
 */
export async function informRegularizers(
  options: TransferOptions,
  { backbone, dataset }: Subject,
  head: Head,
  targets: TargetSpec,
): Promise<Pick<TransferOptions, "regularizers">> {
  if (options.regularizers === undefined) return {};
  const { augmentation: _, views: __, ...plain } = options;
  const { card } = backbone;
  let opened: Promise<Subject> | undefined;
  const supply = async (): Promise<SampleSupply<unknown>> => {
    const source = { name: card.id, summary: "", load: async () => backbone };
    opened ??= openSubject({ ...plain, data: dataset, backbone: source });
    return (await opened).supply;
  };
  const learned = async (boundary: string): Promise<SampleSource<number>> => {
    const { train, validation } = await (await supply()).at(boundary);
    // What judges the training is not to be seen by what guides it.
    return validation !== undefined || options.patience === 0 ? train : holdOut(train, options.seed ?? 0).train;
  };
  const knowledge: PretrainedKnowledge = {
    async classifier() {
      const classifier = backbone.classifier?.();
      if (classifier === undefined) {
        throw fail(
          WHERE,
          `"${card.id}" has no classifier of its own that is one affine layer on its features, and co-tuning trains that on. Take a backbone that has one, such as efficientnet-lite0, or another regularizer`,
        );
      }
      options.control?.onEvent?.({ type: "stage", stage: "source classes" });
      const source = await learned(card.features);
      const probabilities = await classified(source, card.features, classifier);
      return { ...classifier, relationship: sourceRelationship(probabilities, source.targets, targets.classes.length) };
    },
    async attention(maps = [card.features]) {
      options.control?.onEvent?.({ type: "stage", stage: "channels" });
      return judgedChannels(backbone, maps, await learned(card.features), await learned(card.input), {
        head,
        targets,
        seed: options.seed ?? 0,
      });
    },
  };
  const informed = options.regularizers.map((each) => each.informed?.(knowledge) ?? each);
  return { regularizers: await Promise.all(informed) };
}

/** Probabilities of the pretrained classifier, `[samples, source classes]`. */
async function classified(
  source: SampleSource<number>,
  features: string,
  { weight, bias }: OriginalClassifier,
): Promise<Tensor> {
  const [width, classes] = weight.dims as [number, number];
  const g = graphBuilder();
  const x = g.input("features", "float32", ["batch", width]);
  const logits = g.op("Gemm", [x, g.parameter("weight", weight), g.parameter("bias", bias)]);
  const likely = g.name(g.op("Softmax", [logits], { axis: 1 }), "probabilities");
  const program = await (await openEngine("onnxruntime")).prepare(g.finish([likely]));
  const found = new Float32Array(source.length * classes);
  try {
    for (const wanted of plainBatches(source, BATCH)) {
      const { [features]: rows } = await source.feed(wanted);
      const { probabilities } = await program.run({ features: rows! });
      for (const [i, index] of wanted.indices.entries()) {
        const row = (probabilities!.data as Float32Array).subarray(i * classes, (i + 1) * classes);
        found.set(row, index * classes);
      }
    }
  } finally {
    await program.release();
  }
  return float32([source.length, classes], found);
}

/** How much the channels of maps matter to a head that is fitted to the features. */
async function judgedChannels(
  backbone: Backbone<Preprocessing>,
  maps: readonly string[],
  fitting: SampleSource<number>,
  samples: SampleSource<number>,
  { head, targets, seed }: { readonly head: Head; readonly targets: TargetSpec; readonly seed: number },
): Promise<Record<string, number[]>> {
  const { card, graph } = backbone;
  const engine = await openEngine("onnxruntime");
  const values = await fittedHead({ backbone, head, targets, train: fitting, seed }, engine);
  const drawn = attachHead(graph, card.features, head, targets, seededRandom(seed).fork("head"));
  const headed = { ...drawn, graph: withValues(drawn.graph, values) };
  const count = Math.min(JUDGING, samples.length);
  const spread = Array.from({ length: count }, (_, i) => Math.floor((i * samples.length) / count));
  return channelAttention({ engine, headed, head, targets, data: subset(samples, spread), maps });
}
