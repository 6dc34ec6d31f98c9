// One ONNX Runtime session in a thread of its own: `run` blocks the thread that calls it, and pictures are decoded on the main one.
// Plain JavaScript, since a worker is loaded by Node itself, from the sources as well as from the built package.
import { parentPort, workerData } from "node:worker_threads";

const ort = await import("onnxruntime-node");
const session = await ort.InferenceSession.create(workerData.bytes, workerData.options);

const toTensors = (values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, { dtype, dims, data }]) => [name, new ort.Tensor(dtype, data, dims)]),
  );

parentPort.on("message", async ({ id, inputs, fetch }) => {
  try {
    if (inputs === undefined) {
      await session.release();
      parentPort.postMessage({ id });
      return;
    }
    const results = await session.run(toTensors(inputs), fetch);
    const outputs = Object.fromEntries(
      fetch.map((name) => [name, { dtype: results[name].type, dims: results[name].dims, data: results[name].data }]),
    );
    parentPort.postMessage({ id, outputs });
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});
parentPort.postMessage({ id: 0 });
