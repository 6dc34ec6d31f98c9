import { graphBuilder, writeModel } from "@graft-ml/graph";
import { BLOCKED_DOMAIN, findBlocked } from "./lowerings/blocked-layout.ts";

type Ort = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">;

const LARGEST = 64;
/** The answer of each build that was asked. */
const known = new WeakMap<object, Promise<number>>();

/**
 * Channels in a block of the layout that this build of ONNX Runtime has for this processor: 8 or 16, or 0 where it has none.
 * There is no question to ask it, so two pixels of many channels are brought into the layout and looked at.
 */
export function blockSize(ort: Ort): Promise<number> {
  let size = known.get(ort.InferenceSession);
  if (size === undefined) {
    size = probe(ort);
    known.set(ort.InferenceSession, size);
  }
  return size;
}

async function probe(ort: Ort): Promise<number> {
  const g = graphBuilder(undefined, {}, new Set(), findBlocked(LARGEST));
  const y = g.op("ReorderInput", [g.input("x", "float32", [1, LARGEST, 1, 2])], {}, BLOCKED_DOMAIN);
  const options = { intraOpNumThreads: 1, logSeverityLevel: 4 as const };
  const session = await ort.InferenceSession.create(writeModel(g.finish([y])), options).catch(unlessUnknown);
  if (session === undefined) return 0;
  try {
    const pixels = Float32Array.from({ length: 2 * LARGEST }, (_, i) => i % 2);
    const laid = (await session.run({ x: new ort.Tensor("float32", pixels, [1, LARGEST, 1, 2]) }))[y.name]!;
    // The channels of the first pixel come first, as many as a block holds.
    const block = (laid.data as Float32Array).indexOf(1);
    return block > 1 ? block : 0;
  } finally {
    await session.release();
  }
}

/** A build without the layout refuses the graph for an operator that it does not know. */
function unlessUnknown(cause: Error): undefined {
  if (/ReorderInput|nchwc/.test(cause.message)) return undefined;
  throw cause;
}
