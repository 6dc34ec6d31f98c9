import { fail, unknownName } from "@graft-ml/core";

/** Columns of a table by name. */
export interface ColumnNames {
  /** One, or two of a pair; found by their usual names where left out. */
  readonly text?: string | readonly string[];
  /** Found by its usual names where left out. */
  readonly label?: string;
  /** Says which rows train, validate and test. Default: a column of that name, where there is one. */
  readonly split?: string;
}

/** Places of a table's columns. */
export interface ColumnPlaces {
  /** One, or two of a pair. */
  readonly text: readonly number[];
  /** Absent where no labels are asked for. */
  readonly label?: number;
  readonly split?: number;
}

const PAIRS: readonly (readonly [string, string])[] = [
  ["sentence1", "sentence2"],
  ["question1", "question2"],
  ["premise", "hypothesis"],
  ["text_a", "text_b"],
  ["text1", "text2"],
  ["question", "sentence"],
  ["question", "passage"],
  ["query", "passage"],
];
const TEXTS =
  "text sentence review review_text content comment comment_text tweet message utterance document body description question headline title".split(
    " ",
  );
const LABELS = "label labels class category sentiment polarity target intent topic emotion rating stars score".split(
  " ",
);

/** A table's columns and how to speak of it. */
export interface ColumnSource {
  readonly columns: readonly string[];
  /** In errors. */
  readonly source: string;
  readonly header: boolean;
}

/** Finds a table's columns: those named, else those with usual names. */
export function findColumns(
  where: string,
  { columns, source, header }: ColumnSource,
  wanted: ColumnNames,
  labelled: boolean,
): ColumnPlaces {
  const plain = columns.map((name) => name.trim().toLowerCase());
  const named = (name: string): number => {
    const exact = columns.indexOf(name);
    const at = exact >= 0 ? exact : plain.indexOf(name.trim().toLowerCase());
    if (at < 0) throw unknownName(where, `column of ${source}`, name, columns.map(shortened));
    if (plain.indexOf(plain[at]!) !== plain.lastIndexOf(plain[at]!)) {
      throw fail(
        where,
        `expected one column ${JSON.stringify(name)}; received several of that name in ${source}. Rename the others`,
      );
    }
    return at;
  };
  const missing = (what: string, option: string) =>
    fail(
      where,
      `expected a column of ${what} in ${source}; received ${listed(columns)}. Name it with ${option} (--${option}-column)${header ? ", or set header to false (--no-header) if these are values" : ""}`,
    );

  const text = wanted.text === undefined ? usualText(plain)?.map(named) : [wanted.text].flat().map(named);
  if (text === undefined) throw missing("texts", "text");
  if (text.length < 1 || text.length > 2)
    throw fail(where, `expected one or two columns of texts; received ${text.length}`);
  if (!labelled) return { text };
  const label = wanted.label ?? LABELS.find((name) => plain.includes(name) && !text.includes(plain.indexOf(name)));
  if (label === undefined) throw missing("classes", "label");
  const split = wanted.split ?? (plain.includes("split") ? "split" : undefined);
  const places = { text, label: named(label), ...(split !== undefined && { split: named(split) }) };
  const all = [...places.text, places.label, ...(places.split === undefined ? [] : [places.split])];
  const twice = all.find((at, i) => all.indexOf(at) < i);
  if (twice !== undefined) {
    throw fail(
      where,
      `expected text, label and split to be different columns; received ${JSON.stringify(columns[twice])} twice`,
    );
  }
  return places;
}

function usualText(plain: readonly string[]): readonly string[] | undefined {
  const pair = PAIRS.find((names) => names.every((name) => plain.includes(name)));
  if (pair) return pair;
  const single = TEXTS.find((name) => plain.includes(name));
  return single === undefined ? undefined : [single];
}

function listed(columns: readonly string[]): string {
  const shown = columns.slice(0, 20).map((name) => JSON.stringify(shortened(name)));
  return `${shown.join(", ")}${columns.length > 20 ? ` and ${columns.length - 20} more` : ""}`;
}

function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 39)}…` : name;
}
