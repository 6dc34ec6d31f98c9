import { GraftError } from "@graft-ml/core";
import proto from "onnx-proto";
import { expect } from "vitest";
import { inferShapes } from "../inference.ts";
import { tinyNetwork } from "../tiny.fixture.ts";
import { readModel } from "./read.ts";
import { writeModel } from "./write.ts";

const onnx: typeof proto.onnx = proto.onnx;
/** Milliseconds for files of megabytes on a busy machine. */
export const PATIENCE: number = 20_000;
/** A model as protobuf has it. */
export type Model = ReturnType<typeof onnx.ModelProto.decode>;

/** The bytes of a model after a change; a small network unless others are given. */
export function corrupted(change: (model: Model) => void, bytes: Uint8Array = writeModel(tinyNetwork())): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  change(model);
  return onnx.ModelProto.encode(model).finish();
}

/** The line by which a file is refused, in time and by a `GraftError`; one that is accepted fails the test. */
export function refusal(bytes: Uint8Array, milliseconds = 2000): string {
  const started = performance.now();
  try {
    inferShapes(readModel(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(GraftError);
    const { message } = error as GraftError;
    expect(message).not.toContain("\n");
    expect(performance.now() - started).toBeLessThan(milliseconds);
    return message;
  }
  throw new Error("expected the model to be refused");
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A field that holds a block: its tag, its length, its content. */
export function block(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
}
