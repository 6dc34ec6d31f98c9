import type { Preprocessing } from "@graft-ml/core";
import type { HubFile } from "../hub-file.ts";

/** A pretrained model as data: what a listing shows and a download needs. A fact that is not known is left out. */
export interface CatalogueCard {
  /** Name by which it is asked for. */
  readonly id: string;
  readonly title: string;
  readonly paper: string;
  /** What the weights were trained to do. */
  readonly task: string;
  /** Package that brings the weights, tried first. */
  readonly package?: string;
  /** Where a hub has the weights. */
  readonly hub?: HubFile;
  /** Whose weights they were before somebody converted them. */
  readonly original: string;
  /** SPDX identifier. */
  readonly licence: string;
  readonly preprocessing: Preprocessing;
  /** Where a hub has the `tokenizer.json` of a model of texts. */
  readonly tokenizer?: HubFile;
  /** Classes of the original classifier, where the file has one. */
  readonly labels?: "imagenet-1k";
  /** Name of the output to end at, for files without a classifier. Default: found in the graph. */
  readonly features?: string;
  /** Which token stands for the picture, for files that end at tokens. */
  readonly tokens?: "cls";
  /** Set where the file makes one row of a text's tokens itself, in the way that `preprocessing` says. */
  readonly pooled?: true;
  /** Regular expression of the value to end at: the last that matches. */
  readonly lastHidden?: string;
  /** Layer groups by their weights' names, where those say more than the graph: the first pattern that matches names the group. */
  readonly groups?: readonly { readonly pattern: string; readonly name: string }[];
  /** Trainable parameters, the classifier included. */
  readonly parameters?: number;
  /** Size of the file. */
  readonly bytes?: number;
  /** Hash of the file; `unverified` where nobody could check it: then the first download pins it. */
  readonly sha256: string;
  /** ImageNet-1k top-1 accuracy as published, 0 to 1. */
  readonly accuracy?: { readonly top1: number; readonly source: string };
  /** Where each fact was read, by field. */
  readonly evidence: Readonly<Record<string, string>>;
  /** Fields that rest on convention: nobody has read them where they would be wrong if they were. */
  readonly unverified: readonly string[];
}
