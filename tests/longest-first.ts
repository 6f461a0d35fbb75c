import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest. A file that begins last and takes a minute would leave the other workers without work. */
const LONGEST = [
  "tests/weekly/kills.test.ts",
  "tests/start/start.test.ts",
  "tests/weekly/approve.test.ts",
  "services/ops-service/test/main.test.ts",
  "services/cli/test/models-gate.test.ts",
  "services/ops-service/test/inference.test.ts",
  "tests/start/weeks.test.ts",
  "tests/start/supervision.test.ts",
  "services/cli/test/cli.test.ts",
  "services/ops-service/test/slow-database.test.ts",
  "services/scheduler-service/test/retrain.test.ts",
  "tests/models/further-model-loop.test.ts",
  "services/scheduler-service/test/store-errors.test.ts",
  "services/scheduler-service/test/service.test.ts",
  "services/lib/mesh/src/listener/listener-limits.test.ts",
  "tests/weekly/catch-up.test.ts",
  "tests/weekly/losses.test.ts",
  "tests/weekly/replay.test.ts",
  "tests/telemetry/weekly-once.test.ts",
  "services/ops-service/test/notices.test.ts",
  "services/lib/drift/src/quality/coverage.test.ts",
  "tests/models/set-alias.test.ts",
  "tests/start/signed-in.test.ts",
  "tests/start/failed-start.test.ts",
  "tests/network/no-outside-calls.test.ts",
];

/** Starts the longest files first, and the files of one project together. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((file) => moduleId.endsWith(file));
      return place < 0 ? LONGEST.length : place;
    };
    const isShared = ({ project }: TestSpecification): number => Number(!project.config.isolate);
    return sorted.sort((a, b) => isShared(a) - isShared(b) || rank(a) - rank(b));
  }
}
