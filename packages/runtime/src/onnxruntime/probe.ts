/** Whether ONNX Runtime can be loaded here, and how to get it where it cannot. */
export async function probeOnnxRuntime(): Promise<{
  available: boolean;
  version?: string;
  reason?: string;
  mend?: string;
}> {
  try {
    const ort = await import("onnxruntime-node");
    const version = ort.env.versions.node ?? ort.env.versions.common;
    return { available: true, ...(version === undefined ? {} : { version }) };
  } catch (error) {
    return { available: false, reason: (error as Error).message.split("\n")[0]!, mend: "npm install onnxruntime-node" };
  }
}
