import type { Graph, Program } from "@graft-ml/core";
import { openEngine } from "@graft-ml/runtime";

/** A model that is prepared in ONNX Runtime when it is first run; released, it is prepared anew. */
export function lazyProgram(model: Graph): Pick<Program, "run" | "release"> {
  let program: Promise<Program> | undefined;
  return {
    async run(inputs) {
      program ??= openEngine("onnxruntime").then((engine) => engine.prepare(model));
      return (await program).run(inputs);
    },
    async release() {
      const open = program;
      program = undefined;
      await (await open)?.release();
    },
  };
}
