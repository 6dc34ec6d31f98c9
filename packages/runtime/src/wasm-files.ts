/** Where a page finds what an engine loads by itself. */
export interface WasmOptions {
  /**
   * Folder that the WebAssembly files are served from: a URL, absolute or relative to the page or worker. Default: where each engine
   * looks by itself, ONNX Runtime beside the bundle's own files, TensorFlow.js beside the page.
   */
  readonly wasmPaths?: string;
}

interface Page {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly location?: { readonly href: string };
}

/** What a browser's page or worker knows of itself; all of it is absent elsewhere. */
export const page: Page = globalThis as Page;

/** A folder's absolute URL with a slash at its end, as both engines want it. */
export function folderUrl(path: string): string {
  return new URL(path.endsWith("/") ? path : `${path}/`, page.location?.href).href;
}
