import { availableParallelism } from "node:os";
import type { Engine, PrepareOptions } from "@graft-ml/core";
import type { InferenceSession } from "onnxruntime-node";
import { backgroundProgram } from "./background.ts";
import { blockSize } from "./block-size.ts";
import { engineOn, LEFT_OUT } from "./program.ts";

/** Opens ONNX Runtime for Node: multi-threaded, nothing to compile or download. The default engine. */
export async function onnxRuntimeEngine(): Promise<Engine> {
  const ort = await import("onnxruntime-node");
  return engineOn({
    ort,
    lowering: { block: await blockSize(ort) },
    writesInto: true,
    sessionOptions,
    background: backgroundProgram,
  });
}

function sessionOptions({ threads, background, carry }: PrepareOptions): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    // A planned block comes on top of what the first run has taken: a training step would need twice its memory.
    enableMemPattern: carry === undefined,
    extra: {
      optimization: LEFT_OUT,
      session: {
        // Gradients fade into numbers below 1e-38, which processors compute a hundred times slower than zeros.
        ...(carry !== undefined && { set_denormal_as_zero: "1" }),
        // Threads that wait by spinning would take the cores from whoever works beside the session.
        ...(background && { intra_op: { allow_spinning: "0" } }),
      },
    },
  };
}
