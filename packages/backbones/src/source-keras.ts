import { basename } from "node:path";
import type { BackboneSource, Preprocessing, TextPreprocessing } from "@graft-ml/core";
import type { KerasOptions } from "./keras/model.ts";
import { applicationPreprocessing } from "./keras-preprocessing.ts";
import { type AssembleOptions, assemble, type FileCard } from "./source-assemble.ts";
import { checkFileHash, idOf, tokenizerOf } from "./source-file.ts";
import { isTokenIds, type KnownPreprocessing } from "./source-input.ts";

/** How a Keras model becomes a backbone. */
export interface KerasFileOptions extends AssembleOptions, Pick<KerasOptions, "topology"> {
  /** Path of the `tokenizer.json` of a model of texts. Default: the one beside the model. */
  readonly tokenizer?: string;
}

/**
 * A Keras model as a backbone: a `.keras` archive, an `.h5` file, or the `model.json` of TensorFlow.js. Groups have the layers' names.
 * How pixels go in is known of the networks of `keras.applications`, by their names, and of models that begin with Rescaling; else it
 * is asked for. Pictures are `[batch, 3, height, width]`, whatever the layout in Keras.
 */
export function kerasFile<P extends Preprocessing = Preprocessing>(
  path: string,
  card: FileCard = {},
  options: KerasFileOptions = {},
): BackboneSource<P> {
  const id = card.id ?? idOf(path);
  return {
    name: id,
    summary: `${card.title ?? id}, ${path}`,
    async load() {
      const where = `backbones/${id}`;
      // HDF5 comes as WebAssembly: whoever opens no Keras model shall not pay for it.
      const { openKerasModel } = await import("./keras/model.ts");
      const given = (card.preprocessing ?? {}) as KnownPreprocessing & Partial<TextPreprocessing>;
      const { size } = given;
      const { topology } = options;
      const opened = await openKerasModel(path, {
        ...(size !== undefined && { size }),
        ...(topology !== undefined && { topology }),
      });
      checkFileHash(path, card, opened.sha256, where);
      const texts = opened.graph.inputs.some(isTokenIds);
      const tokenizer = texts ? await tokenizerOf(path, card, options, where) : {};
      const preprocessing = texts ? given : { ...applicationPreprocessing(opened.name), ...given };
      return assemble<P>(
        { ...opened, ...tokenizer },
        { ...card, id, source: card.source ?? { file: basename(path) }, preprocessing },
        options,
      );
    },
  };
}
