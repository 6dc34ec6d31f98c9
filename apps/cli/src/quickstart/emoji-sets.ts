import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { fail, unknownName } from "@graft-ml/core";

const WHERE = "cli/quickstart";

/** Emoji sets by the name that they are chosen by; their npm packages are `@iconify-json/<name>`. */
export const EMOJI_SETS = ["noto", "twemoji", "openmoji", "fluent-emoji-flat"] as const;

/** The classes of the quickstart, by the Unicode categories that all sets share. */
export const EMOJI_CLASSES = ["activities", "animals-nature", "food-drink", "objects", "travel-places"] as const;

/** One emoji as an SVG document. */
export interface Emoji {
  readonly name: string;
  readonly kind: (typeof EMOJI_CLASSES)[number];
  readonly svg: string;
  /** Height of the drawing in its own units. */
  readonly height: number;
}

/** One artist's emoji of the five classes. */
export interface EmojiSet {
  readonly title: string;
  readonly version: string;
  readonly licence: string;
  readonly emoji: readonly Emoji[];
}

interface IconFile {
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
  readonly width?: number;
  readonly height?: number;
}

/** Reads a set from its npm package; aliases, which would show a picture twice, are left out. */
export async function readEmojiSet(name: string): Promise<EmojiSet> {
  if (!EMOJI_SETS.some((known) => known === name)) throw unknownName(WHERE, "emoji set", name, EMOJI_SETS);
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(locate(name, file), "utf8")) as T;
  const { categories } = await read<{ categories: Readonly<Record<string, readonly string[]>> }>("metadata.json");
  const info = await read<{ name: string; version: string; license: { title: string } }>("info.json");
  const { icons, width = 16, height = 16 } = await read<IconFile>("icons.json");
  const emoji: Emoji[] = [];
  for (const [category, names] of Object.entries(categories)) {
    const kind = EMOJI_CLASSES.find((known) => known === kebab(category));
    if (kind === undefined) continue;
    for (const icon of names) {
      const drawing = icons[icon];
      if (drawing === undefined) continue;
      const [w, h] = [drawing.width ?? width, drawing.height ?? height];
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">${drawing.body}</svg>`;
      emoji.push({ name: icon, kind, svg, height: h });
    }
  }
  return { title: info.name, version: info.version, licence: info.license.title, emoji };
}

function locate(name: string, file: string): string {
  const specifier = `@iconify-json/${name}`;
  try {
    // Beside this program, or beside the user's own things.
    const paths = [fileURLToPath(new URL(".", import.meta.url)), process.cwd()];
    return createRequire(import.meta.url).resolve(`${specifier}/${file}`, { paths });
  } catch (cause) {
    throw fail(
      WHERE,
      `the pictures come as npm packages of their own, and ${specifier} is not here: npm install ${specifier}`,
      { cause },
    );
  }
}

function kebab(category: string): string {
  return category.toLowerCase().replace(/[^a-z]+/g, "-");
}
