import type { InferenceSession } from "onnxruntime-web/wasm";

/** What engines do in a page, seen from outside of them. */
export interface Watch {
  /** What an engine holds: tensors of TensorFlow.js, or sessions opened since the watch began. */
  held(engine: string): number;
  /** Threads that ONNX Runtime was told to use. */
  threads(): number | undefined;
}

/** Begins to count sessions. */
export async function watchEngines(): Promise<Watch> {
  const { memory } = await import("@tensorflow/tfjs-core");
  const { env, InferenceSession } = await import("onnxruntime-web/wasm");
  let sessions = 0;
  const create = InferenceSession.create as (...values: unknown[]) => Promise<InferenceSession>;
  Object.assign(InferenceSession, {
    create: async (...values: unknown[]): Promise<InferenceSession> => {
      const session = await create.apply(InferenceSession, values);
      sessions++;
      const release = session.release.bind(session);
      session.release = () => {
        sessions--;
        return release();
      };
      return session;
    },
  });
  return {
    held: (engine) => (engine === "onnxruntime" ? sessions : memory().numTensors),
    threads: () => env.wasm.numThreads,
  };
}
