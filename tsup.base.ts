import { defineConfig, type Options } from "tsup";

/** The one build recipe of every package: ES modules for Node 20 and browsers, with declarations. */
export function build(overrides: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: ["src/index.ts"],
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: true,
    sourcemap: true,
    clean: true,
    removeNodeProtocol: false,
    ...overrides,
  });
}
