import { fail, type Graph } from "@graft-ml/core";
import type { TextTokenizer } from "@graft-ml/data";

/** Refuses a tokenizer whose ids go beyond the table that the graph looks them up in: such an id could only fail when it is met. */
export function checkVocabulary(
  where: string,
  name: string,
  { nodes, initializers }: Graph,
  input: string,
  { size }: Pick<TextTokenizer, "size">,
): void {
  const lookup = nodes.find(({ op, inputs }) => op === "Gather" && inputs[1] === input);
  const rows = lookup && initializers.get(lookup.inputs[0]!)?.dims[0];
  if (rows !== undefined && size > rows) {
    throw fail(
      where,
      `${name} knows ${rows} tokens; its tokenizer.json has ${size}. Put the tokenizer beside it that it was trained with`,
    );
  }
}
