import { fail, type GraphNode } from "@graft-ml/core";

/** An equation of `Einsum` with a letter for every axis. */
export interface Equation {
  readonly inputs: readonly string[];
  readonly output: string;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Reads an equation for operands of known ranks; letters stand in for the axes of an ellipsis. */
export function parseEquation(node: GraphNode, equation: string, ranks: readonly number[]): Equation {
  const refuse = (why: string): Error => fail("graph", `node "${node.name}" (Einsum): equation "${equation}" ${why}`);
  const [left = "", right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== ranks.length) throw refuse(`has ${terms.length} terms for ${ranks.length} inputs`);
  if (terms.length > 2) throw refuse("has more than two terms, which is not supported");
  const widest = Math.max(...terms.map((term, i) => (term.includes("...") ? ranks[i]! - (term.length - 3) : 0)));
  const spare = [...LETTERS]
    .filter((letter) => !equation.includes(letter))
    .slice(0, Math.max(0, widest))
    .join("");
  if (spare.length < widest) throw refuse("has too many axes");
  const inputs = terms.map((term, i) => {
    const covered = ranks[i]! - (term.length - 3);
    const letters = term.replace("...", spare.slice(spare.length - covered));
    if (letters.length !== ranks[i]) throw refuse(`does not fit input ${i} of rank ${ranks[i]}`);
    return letters;
  });
  const counts = (letter: string): number => [...inputs.join("")].filter((other) => other === letter).length;
  const implicit = [...new Set(terms.join("").replaceAll("...", ""))].filter((letter) => counts(letter) === 1).sort();
  const output = right === undefined ? spare + implicit.join("") : right.replace("...", spare);
  for (const term of [...inputs, output]) {
    if (new Set(term).size !== term.length) throw refuse("repeats a letter in one term, which is not supported");
    if (/[^a-zA-Z]/.test(term)) throw refuse("holds something other than letters");
  }
  const stray = [...output].find((letter) => counts(letter) === 0);
  if (stray !== undefined) throw refuse(`asks for "${stray}", which no input has`);
  return { inputs, output };
}
