import { Worker } from "node:worker_threads";
import { fail, GraftError, type Program, type Tensors } from "@graft-ml/core";
import type { InferenceSession } from "onnxruntime-node";

const WHERE = "runtime/onnxruntime";

interface Reply {
  readonly id: number;
  readonly outputs?: Tensors;
  readonly error?: string;
}

/** A session in a thread of its own, so that the caller's thread is free while it runs; values are copied across. */
export async function backgroundProgram(
  bytes: Uint8Array,
  options: InferenceSession.SessionOptions,
  outputs: readonly string[],
): Promise<Program> {
  const worker = new Worker(new URL("./session-worker.js", import.meta.url), { workerData: { bytes, options } });
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  let last = 0;
  let dead: Error | undefined;
  const die = (error: Error): void => {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  worker.on("message", (reply: Reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply);
    else call?.reject(new GraftError("bug", WHERE, reply.error));
  });
  worker.on("error", (cause) =>
    die(new GraftError("bug", WHERE, `the session's thread failed: ${cause.message}`, { cause })),
  );
  worker.on("exit", () => die(fail(WHERE, "the program was released")));
  const reply = (id: number): Promise<Reply> =>
    new Promise((resolve, reject) => {
      if (dead) reject(dead);
      else waiting.set(id, { resolve, reject });
    });
  const call = (message: { readonly inputs?: Tensors; readonly fetch?: readonly string[] }): Promise<Reply> => {
    const id = ++last;
    const answer = reply(id);
    worker.postMessage({ id, ...message });
    return answer;
  };

  await reply(0);
  return {
    run: async (inputs, fetch = outputs) => (await call({ inputs, fetch })).outputs!,
    state: async () => ({}),
    setState: async (values) => {
      const [name] = Object.keys(values);
      if (name !== undefined) throw fail(WHERE, `expected a carried input; received "${name}"`);
    },
    async release() {
      if (dead) return;
      await call({});
      await worker.terminate();
    },
  };
}
