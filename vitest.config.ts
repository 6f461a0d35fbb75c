import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longest-first.ts";
import { IN_NODE } from "./tests/vitest-options.ts";

/**
 * Tests that share processes, so that each loads its modules once: they start no other process, what they start ends with them, and
 * they change nothing outside their own objects.
 */
const SHARING = [
  "services/dashboard/src/**/*.test.ts",
  "services/cli/src/**/*.test.ts",
  "services/{ops,ml,scheduler}-service/src/domain/**/*.test.ts",
  "services/ops-service/src/{clients/notices,rpc,setup}/**/*.test.ts",
  "services/ml-service/src/rpc/**/*.test.ts",
  "services/scheduler-service/src/{clients,setup}/**/*.test.ts",
  "services/lib/{config,contract,demo-data,drift,env,narrative,plausibility,reasons,report}/**/*.test.ts",
  "services/lib/{ingest,model-import,risk-model,scoring,tree-model}/**/*.test.ts",
  "services/lib/mesh/src/{auth,call,client,errors,grpc,policies,rest,web}/**/*.test.ts",
];

/** They set the meters of their process. */
const WITH_METERS = ["services/lib/mesh/src/policies/{admission-metrics,telemetry}.test.ts"];

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
          exclude: [...EXCLUDED, ...SHARING],
        },
      },
      { test: { ...shared, name: "meters", include: WITH_METERS } },
      {
        test: { ...shared, name: "sharing", include: SHARING, exclude: [...EXCLUDED, ...WITH_METERS], isolate: false },
      },
    ],
  },
});
