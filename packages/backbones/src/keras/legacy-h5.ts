import { fail } from "@graft-ml/core";
import { groupedByClass } from "./archive.ts";
import { type Hdf5, openHdf5 } from "./hdf5.ts";
import { modelTopology, parseObject } from "./parse.ts";
import { byName, type FindWeights, type KerasSource } from "./source.ts";

/** Opens a legacy `.h5` file: the configuration is an attribute, weights are grouped by top-level layer. */
export async function openLegacyH5(where: string, bytes: Uint8Array, topology: unknown): Promise<KerasSource> {
  const file = await openHdf5(where, bytes);
  const config = file.attribute("model_config");
  if (config === undefined && topology === undefined) {
    file.close();
    throw fail(
      "backbones/keras",
      `${where} holds weights alone; pass { topology: ... } (model.to_json() in Keras) or save the whole model`,
    );
  }
  const root = file.has("model_weights") ? "model_weights/" : "";
  const names = file.paths.filter((path) => path.startsWith(root)).map((path) => path.slice(root.length));
  const named = byName(names, (name) => file.read(root + name), true);
  const counted = root === "" && config === undefined && file.has("layers") ? groupedByClass(file) : undefined;
  return {
    topology: modelTopology(where, topology ?? parseObject(`model_config of ${where}`, config!)),
    version: file.attribute("keras_version") ?? (counted === undefined ? "2" : "3"),
    weights: counted ?? inOrder(file, root, named),
    close: file.close,
  };
}

/** Before Keras 2 weights had other names (`conv_W_1`): a layer's list of them, in Keras's own order, stands for their roles. */
function inOrder(file: Hdf5, root: string, named: FindWeights): FindWeights {
  return (site, roles) => {
    const [layer, ...inner] = site.path;
    const names = inner.length > 0 ? [] : file.list(root + layer, "weight_names");
    const modern = names.some((name) => roles.some((role) => role.split("|").includes(bare(name))));
    if (modern || names.length !== roles.length) return named(site, roles);
    return names.map((name) => file.read(`${root}${layer}/${name}`));
  };
}

function bare(name: string): string {
  return name.replace(/:\d+$/, "").split("/").at(-1)!;
}
