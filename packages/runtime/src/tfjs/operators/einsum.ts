import { sizeOf } from "@graft-ml/core";
import { parseEquation } from "@graft-ml/graph";
import type { Device, DeviceTensor } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { logical, made, type Value } from "../value.ts";

/** A tensor whose axes have letters. */
interface Lettered {
  readonly tensor: DeviceTensor;
  readonly letters: string;
}

/** `Einsum` of one or two values as one matrix product between transpositions. */
export const einsum: Kernel = (node, device) => (inputs) => {
  const values = inputs as readonly Value[];
  const { inputs: terms, output } = parseEquation(
    node.node,
    node.text("equation", ""),
    values.map(({ dims }) => dims.length),
  );
  const [a, b] = values.map((value, i) => {
    const kept = (letter: string): boolean => output.includes(letter) || (terms[1 - i] ?? "").includes(letter);
    return summed({ tensor: logical(value, device), letters: terms[i]! }, kept, device);
  }) as [Lettered, Lettered | undefined];
  const { tensor, letters } = b === undefined ? a : contracted(a, b, output, device);
  const own = values.some((value) => [...value.forms.values()].includes(tensor));
  return made(
    own ? device.alias(tensor) : tensor,
    values[0]!.dtype,
    [...letters].map((letter) => output.indexOf(letter)),
  );
};

/** Sums over the axes that nobody else names. */
function summed({ tensor, letters }: Lettered, kept: (letter: string) => boolean, device: Device): Lettered {
  const axes = [...letters].flatMap((letter, axis) => (kept(letter) ? [] : [axis]));
  if (axes.length === 0) return { tensor, letters };
  return { tensor: device.reduce("Sum", tensor, axes, false), letters: [...letters].filter(kept).join("") };
}

/** [shared, rows, inner] · [shared, inner, columns]. */
function contracted(a: Lettered, b: Lettered, output: string, device: Device): Lettered {
  const both = [...a.letters].filter((letter) => b.letters.includes(letter));
  const shared = both.filter((letter) => output.includes(letter)).join("");
  const inner = both.filter((letter) => !output.includes(letter)).join("");
  const rows = [...a.letters].filter((letter) => !b.letters.includes(letter)).join("");
  const columns = [...b.letters].filter((letter) => !a.letters.includes(letter)).join("");
  const size = (letters: string): number[] =>
    [...letters].map((letter) => {
      const axis = a.letters.indexOf(letter);
      return axis >= 0 ? a.tensor.shape[axis]! : b.tensor.shape[b.letters.indexOf(letter)]!;
    });
  const batch = shared === "" ? [] : [sizeOf(size(shared))];
  const matrix = ({ tensor, letters }: Lettered, first: string, second: string): DeviceTensor => {
    const wanted = shared + first + second;
    const turned =
      wanted === letters
        ? tensor
        : device.transpose(
            tensor,
            [...wanted].map((letter) => letters.indexOf(letter)),
          );
    return device.reshape(turned, [...batch, sizeOf(size(first)), sizeOf(size(second))]);
  };
  const product = device.matMul(matrix(a, rows, inner), matrix(b, inner, columns), false, false);
  const letters = shared + rows + columns;
  return { tensor: device.reshape(product, size(letters)), letters };
}
