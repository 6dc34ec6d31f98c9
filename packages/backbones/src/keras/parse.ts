import { fail } from "@graft-ml/core";
import { isJson, type Json } from "./settings.ts";

/** Parses a JSON object; `where` names it in errors. */
export function parseObject(where: string, text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail("backbones/keras", `${where} is no valid JSON; download or save it again`, { cause });
  }
  if (!isJson(value)) throw fail("backbones/keras", `${where} is no JSON object; download or save it again`);
  return value;
}

/** The `{ class_name, config }` of a model, out of the wrappers that some files put around it. */
export function modelTopology(where: string, value: unknown): Json {
  const inner = isJson(value) && isJson(value.modelTopology) ? value.modelTopology : value;
  const model = isJson(inner) && isJson(inner.model_config) ? inner.model_config : inner;
  if (isJson(model) && typeof model.class_name === "string" && model.config !== undefined) return model;
  throw fail("backbones/keras", `${where} holds no Keras model: expected class_name and config`);
}
