/** Markup that is safe to print as it is. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | readonly Part[] | undefined | false;

/** A template whose values are escaped, unless they are markup themselves; lists are joined, `undefined` and `false` vanish. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.reduce((text, string, i) => text + print(parts[i - 1]) + string) };
}

/** Declares text to be markup already; only for what this program made itself. */
export function trusted(text: string): Html {
  return { html: text };
}

/** Text for HTML content and quoted attributes; control characters, which no page may hold, are shown as such. */
export function escapeHtml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, "�")
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

function print(part: Part): string {
  if (part === undefined || part === false) return "";
  // A number and its per cent sign stay on one line.
  if (typeof part === "string") return escapeHtml(part).replace(/(\d) %/g, "$1&#160;%");
  if (typeof part === "number") return String(part);
  if ("html" in part) return part.html;
  return part.map(print).join("");
}
