import { fail } from "@graft-ml/core";
import type { Manifest } from "./bundle.ts";

/** Whether a bundle answers for texts. */
export function isOfTexts({ card }: Manifest): boolean {
  return "tokenizer" in card.preprocessing;
}

/** Refuses what is no `graft.json` of this format, or lacks what opening the bundle needs; `path` is told in errors. */
export function checkManifest(where: string, path: string, value: unknown): Manifest {
  const { format } = Object(value) as { readonly format?: unknown };
  if (format !== 1) throw fail(where, `${path}: expected format 1; received ${JSON.stringify(format)}`);
  const manifest = value as Manifest;
  const { labels, model, card, tokenizer, data } = manifest;
  const preprocessing: unknown = card?.preprocessing;
  if (
    !(Array.isArray(labels) && labels.every(isText)) ||
    ![model?.sha256, model?.output, card?.input].every(isText) ||
    !isObject(preprocessing) ||
    !("tokenizer" in preprocessing ? isTextPreprocessing(preprocessing) : isSize(preprocessing.size, 4096))
  ) {
    throw fail(where, `${path} lacks its labels, model hash or preprocessing. Fit the model again`);
  }
  if (!areColumns(data?.columns)) throw fail(where, `${path} has columns that are no names. Fit the model again`);
  if ("tokenizer" in preprocessing && !(isText(tokenizer?.sha256) && tokenizer?.file === "tokenizer.json"))
    throw fail(where, `${path} lacks its tokenizer's hash. Fit the model again`);
  return manifest;
}

function isTextPreprocessing({ maxTokens, padId, mask }: Readonly<Record<string, unknown>>): boolean {
  return isSize(maxTokens, 1 << 20) && Number.isInteger(padId) && (padId as number) >= 0 && isText(mask);
}

function areColumns(columns: unknown): boolean {
  if (columns === undefined) return true;
  if (!isObject(columns)) return false;
  const { text, label, header } = columns;
  const named = Array.isArray(text) && text.every(isText) && (label === undefined || isText(label));
  return named && (header === undefined || header === false);
}

function isSize(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
