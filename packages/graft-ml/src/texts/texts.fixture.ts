import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RT_POLARITY = fileURLToPath(new URL("../../../../../shared/data/text-rt-polarity", import.meta.url));

/** Whether the lines of RT-polarity are on this machine. */
export const haveReviews: boolean = existsSync(RT_POLARITY);

/** A table of `each` lines of RT-polarity a class, evenly taken, in a temporary folder. */
export async function reviewsTable(each: number): Promise<string> {
  const lines = async (name: string): Promise<string[]> => {
    const all = (await readFile(join(RT_POLARITY, name), "latin1")).split("\n").filter((line) => line.trim() !== "");
    const step = Math.floor(all.length / each);
    return Array.from({ length: each }, (_, i) => all[i * step]!.trim());
  };
  const rows = [
    ...(await lines("rt-polarity.neg")).map((text) => [text, "negative"]),
    ...(await lines("rt-polarity.pos")).map((text) => [text, "positive"]),
  ];
  return textsTable(rows as [string, string][]);
}

/** A table of texts and classes in a temporary folder. */
export async function textsTable(rows: readonly (readonly [text: string, label: string])[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "graft-texts-"));
  const file = join(folder, "reviews.csv");
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await writeFile(file, `text,label\n${rows.map((row) => `${row.map(quoted).join(",")}\n`).join("")}`);
  return file;
}

const PARTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  food: [
    ["the soup", "this bread", "a ripe pear", "their cheese"],
    ["tastes of salt", "was baked at noon", "needs more pepper", "is cooked in butter"],
  ],
  travel: [
    ["the train", "our ferry", "a small plane", "the last bus"],
    ["leaves for Lisbon", "crosses the border", "was late at the station", "stops at the harbour"],
  ],
};

/** `each` short sentences a class, no two alike, some of them longer than others. */
export function sentences(each: number): [text: string, label: string][] {
  return Object.entries(PARTS).flatMap(([label, [subjects, verbs]]) =>
    Array.from({ length: each }, (_, i): [string, string] => {
      const subject = subjects![i % 4]!;
      const verb = verbs![Math.floor(i / 4) % 4]!;
      const tail = i % 3 === 0 ? ` and everyone who came along that day said so, number ${i} too` : ` ${i}`;
      return [`${subject} ${verb}${tail}`, label];
    }),
  );
}
