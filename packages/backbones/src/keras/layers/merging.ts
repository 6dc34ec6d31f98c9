import type { Value } from "@graft-ml/core";
import { type Held, type LayerContext, like, moved, physicalAxis, plain, type Translate } from "../layer.ts";

/** `Add`. */
export const add: Translate = folded("Add");

/** `Multiply`. */
export const multiply: Translate = folded("Mul");

/** `Maximum`. */
export const maximum: Translate = folded("Max");

/** `Minimum`. */
export const minimum: Translate = folded("Min");

/** `Subtract`. */
export function subtract(c: LayerContext): Held {
  if (c.inputs.length !== 2) throw c.fail(`expected two inputs; received ${c.inputs.length}`);
  return folded("Sub")(c);
}

/** `Average`. */
export function average(c: LayerContext): Held {
  const sum = add(c);
  return like(sum, c.op("Div", [sum.value, c.g.scalar(c.inputs.length)]));
}

/** `Concatenate` along one axis. */
export function concatenate(c: LayerContext): Held {
  const inputs = aligned(c);
  const axis = physicalAxis(c, inputs[0]!, c.settings.number("axis", -1));
  const values = inputs.map(({ value }) => value);
  return like(inputs[0]!, values.length === 1 ? values[0]! : c.op("Concat", values, { axis }));
}

function folded(op: string): Translate {
  return (c) => {
    const inputs = aligned(c);
    const values = inputs.map(({ value }) => value);
    return like(
      inputs[0]!,
      values.slice(1).reduce<Value>((sum, value) => c.op(op, [sum, value]), values[0]!),
    );
  };
}

/** The inputs with axes that lie alike: channels first if any has them there. */
function aligned(c: LayerContext): readonly Held[] {
  const [first] = c.inputs;
  if (first === undefined) throw c.fail("expected inputs; received none");
  const rank = first.value.dims.length;
  if (c.inputs.some(({ value }) => value.dims.length !== rank)) {
    const shapes = c.inputs.map(({ value }) => `[${value.dims.join(", ")}]`).join(", ");
    throw c.fail(`merging different numbers of axes is not supported: ${shapes}; add a Reshape layer before`);
  }
  const same = c.inputs.every(
    (held) => held.moved === first.moved && held.flattened?.join() === first.flattened?.join(),
  );
  // A concatenation of flattened pictures is no flattened picture.
  if (same && (first.flattened === undefined || c.className !== "Concatenate")) return c.inputs;
  return rank === 4 ? c.inputs.map((held) => moved(c, held)) : c.inputs.map((held) => plain(c, held));
}
