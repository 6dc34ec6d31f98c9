import { join } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { plant, testFolder } from "./folder.fixture.ts";
import { type TextDataset, type TextTableOptions, textTable } from "./text-table.ts";

/** Files by name; only for tests. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A dataset with everything that was said while it was read; only for tests. */
export interface ReadDataset extends TextDataset {
  readonly notices: string[];
}

/** A fresh folder with files; only for tests. */
export async function folderWith(files: Files): Promise<string> {
  const folder = testFolder();
  await plant(folder, files);
  return folder;
}

/** Reads one file of that name and content; only for tests. */
export async function read(
  name: string,
  content: string | Uint8Array,
  options: TextTableOptions = {},
): Promise<ReadDataset> {
  const folder = await folderWith({ [name]: content });
  return readPath(join(folder, name), options);
}

/** Reads a path; only for tests. */
export async function readPath(path: string, options: TextTableOptions = {}): Promise<ReadDataset> {
  const events: RunEvent[] = [];
  const dataset = await textTable(path, { ...options, control: { onEvent: (event) => events.push(event) } });
  const notices = events.flatMap((event) =>
    event.type === "notice" ? [event.message.replaceAll(dataset.folder, "FOLDER")] : [],
  );
  return { ...dataset, notices };
}

/** Texts and names of classes; only for tests. */
export const rows = ({ samples, classes }: TextDataset): (string | undefined)[][] =>
  samples.map(({ text, pair, label }) => [text, ...(pair === undefined ? [] : [pair]), classes[label]]);

/** Texts of a split; only for tests. */
export const bySplit = ({ samples }: TextDataset, split: string): string[] =>
  samples.filter((sample) => sample.split === split).map(({ text }) => text);

/** Why what was left out, by its place in the folder; only for tests. */
export const reasons = ({ skipped, folder }: TextDataset): Record<string, string> =>
  Object.fromEntries(skipped.map(({ path, reason }) => [path.replace(`${folder}/`, ""), reason]));

/** Rows of texts that are all different, of classes a and b in turn; only for tests. */
export const many = (count: number, start = 0): string =>
  Array.from({ length: count }, (_, i) => `text ${start + i},${i % 2 ? "b" : "a"}\n`).join("");

/** Text in windows-1252, of what characters the tests need; only for tests. */
export function windows1252(text: string): Buffer {
  const extra = new Map([...Object.entries({ "€": 0x80, "“": 0x93, "”": 0x94, "–": 0x96 })]);
  return Buffer.from([...text].map((char) => extra.get(char) ?? char.charCodeAt(0)));
}
