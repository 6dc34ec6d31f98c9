import { fail } from "@graft-ml/core";
import { unzipSync } from "fflate";
import { type Hdf5, openHdf5 } from "./hdf5.ts";
import { modelTopology, parseObject } from "./parse.ts";
import type { FindWeights, KerasSource } from "./source.ts";

const ENTRIES = ["config.json", "metadata.json", "model.weights.h5"];

/** More than deflate can shrink anything: what claims it is a bomb. */
const SHRINKS_AT_MOST = 1032;

/** Opens a `.keras` archive: a zip of `config.json` and `model.weights.h5`. */
export async function openArchive(where: string, bytes: Uint8Array): Promise<KerasSource> {
  const files = entries(where, bytes);
  const [config, metadata, weights] = ENTRIES.map((name) => files[name]);
  if (config === undefined || weights === undefined) {
    throw fail(
      "backbones/keras",
      `${where} has no ${config === undefined ? "config.json" : "model.weights.h5"}; save the whole model with model.save("model.keras")`,
    );
  }
  const text = (content: Uint8Array) => new TextDecoder().decode(content);
  const topology = modelTopology(`config.json of ${where}`, parseObject(`config.json of ${where}`, text(config)));
  const version = metadata && parseObject(`metadata.json of ${where}`, text(metadata)).keras_version;
  const file = await openHdf5(`model.weights.h5 of ${where}`, weights);
  const named = typeof version === "string" ? version : "3";
  return { topology, version: named, weights: groupedByClass(file), close: file.close };
}

/** Weights as Keras 3 stores them: groups named after classes, variables counted. */
export function groupedByClass(file: Hdf5): FindWeights {
  return (site, roles) => {
    // Before Keras 3 the archive named its groups otherwise.
    const groups = [site.group, site.group.replaceAll("layers/", "_layer_checkpoint_dependencies/")];
    const group = groups.find((path) => file.has(path)) ?? site.group;
    return roles.map((role, i) => {
      const path = `${group}/vars/${i}`;
      if (!file.has(path)) {
        throw fail(
          "backbones/keras",
          `${site.where}: model.weights.h5 has no "${path}" (${role.split("|")[0]}); save the model again with its weights`,
        );
      }
      return file.read(path);
    });
  };
}

function entries(where: string, bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter({ name, originalSize, size }) {
        if (!ENTRIES.includes(name)) return false;
        if (originalSize > size * SHRINKS_AT_MOST) throw new Error(`${name} claims more than its bytes can hold`);
        return true;
      },
    });
  } catch (cause) {
    throw fail(
      "backbones/keras",
      `${where} is no complete zip archive (${bytes.length} bytes): ${(cause as Error).message}; download or save it again`,
      { cause },
    );
  }
}
