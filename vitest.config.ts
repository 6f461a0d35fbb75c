import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longest-first.ts";
import { IN_NODE } from "./tests/vitest-options.ts";

/** Tests of functions: they start no server and no process, and change nothing outside their own objects. */
const OF_FUNCTIONS = [
  "services/dashboard/src/**/*.test.ts",
  "services/cli/src/**/*.test.ts",
  "services/{ops,ml,scheduler}-service/src/domain/**/*.test.ts",
  "services/lib/{config,contract,demo-data,drift,env,narrative,plausibility,reasons,report}/**/*.test.ts",
  "services/lib/{ingest,model-import,risk-model,scoring,tree-model}/**/*.test.ts",
];

const EXCLUDED = ["**/node_modules/**", "**/dist/**"];

const shared = {
  ...IN_NODE,
  exclude: EXCLUDED,
  // One more than the cores: some tests wait for time limits while the others compute.
  maxWorkers: Math.max(3, availableParallelism() + 1),
  testTimeout: 90_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    globalSetup: "tests/shared-folder.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "services",
          include: ["services/**/*.test.ts", "tests/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [...EXCLUDED, ...OF_FUNCTIONS],
        },
      },
      { test: { ...shared, name: "functions", include: OF_FUNCTIONS, isolate: false } },
    ],
  },
});
