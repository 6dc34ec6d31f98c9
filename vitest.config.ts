import { defineConfig, type ViteUserConfig } from "vitest/config";

const conditions = ["@graft-ml/source", "module", "node", "development|production"];

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
    pool: "forks", // the native addon cannot be loaded twice in one process's worker threads
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});

export default config;
