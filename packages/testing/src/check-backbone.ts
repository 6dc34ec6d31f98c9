import {
  type Backbone,
  type BackboneSource,
  type Factory,
  type Preprocessing,
  seededRandom,
  type Tensors,
} from "@graft-ml/core";
import { readModel, validate, writeModel } from "@graft-ml/graph";
import { isCard, isCardOf, isParameterCount } from "./backbone/card-rules.ts";
import { areComplete, areOrdered, cutsCompose } from "./backbone/group-rules.ts";
import { isTokenizer, vocabularySize } from "./backbone/tokenizer-rules.ts";
import { type Check, type Checks, listChecks, type Skip } from "./check.ts";
import { areFinite, isName, isOneLine, isSame } from "./expectations.ts";
import { defaultEngine, type OpenEngine, randomInputs, randomTokens, runOnce } from "./run-once.ts";

/** How a backbone is checked. */
export interface BackboneCheckOptions {
  /** The name that the catalogue entry must have; a plugin's is its file's. */
  readonly name?: string;
  /** Largest difference between the whole graph and its halves. Default: 1e-5. */
  readonly tolerance?: number;
  readonly skip?: readonly Skip[];
  /** Default: ONNX Runtime. */
  readonly engine?: OpenEngine;
}

/** The checks that every backbone passes, for any test runner; the weights are loaded once. */
export function checkBackbone(
  factory: Factory<BackboneSource<Preprocessing>>,
  options: BackboneCheckOptions = {},
): Check[] {
  return listChecks(backboneChecks(factory, options), options.skip);
}

/** The checks by name; whoever adds to them lists all at once. */
export function backboneChecks(
  factory: Factory<BackboneSource<Preprocessing>>,
  options: BackboneCheckOptions = {},
): Checks {
  const { tolerance = 1e-5, engine = defaultEngine } = options;
  let loading: Promise<Backbone<Preprocessing>> | undefined;
  const load = (): Promise<Backbone<Preprocessing>> => (loading ??= factory().load());
  const inputs = async (backbone: Backbone<Preprocessing>, batch: number): Promise<Tensors> => {
    const { card, graph } = backbone;
    const random = seededRandom("testing/backbone");
    if (!("tokenizer" in card.preprocessing)) return randomInputs(graph.inputs, random, batch);
    return randomTokens(card.input, card.preprocessing, random, batch, await vocabularySize(backbone));
  };

  return {
    "name is kebab-case and the expected one": () => isName(factory().name, options.name),
    "summary is one line": () => isOneLine("the summary", factory().summary),
    "the card is complete and plausible": async () => isCard((await load()).card, factory().name),
    "the graph is the one on the card": async () => isCardOf(await load()),
    "the tokenizer of texts is the one on the card": async () => isTokenizer(await load()),
    "the card's parameters are the graph's": async () => isParameterCount(await load()),
    "the graph is valid and survives an ONNX file": async () => {
      const { graph } = await load();
      validate(graph);
      isSame(
        "the initializers of the file",
        Object.fromEntries(readModel(writeModel(graph)).initializers),
        Object.fromEntries(graph.initializers),
      );
    },
    "groups go from input to output": async () => areOrdered(await load()),
    "every weight is in exactly one group": async () => areComplete(await load()),
    "the forward pass is finite and the same each time": async () => {
      const backbone = await load();
      const [first, second] = [
        await runOnce(await engine(), backbone.graph, await inputs(backbone, 2)),
        await runOnce(await engine(), backbone.graph, await inputs(backbone, 2)),
      ];
      areFinite("the features", first);
      isSame("the features of a second run", second, first);
    },
    "the halves of every cut make the whole": async () => {
      const backbone = await load();
      await cutsCompose(backbone, await engine(), await inputs(backbone, 1), tolerance);
    },
  };
}
