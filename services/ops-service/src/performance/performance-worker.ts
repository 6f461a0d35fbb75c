import { measurePerformance, type PerformanceTask } from "../domain/outcomes/measure-performance.ts";
import { createPerformanceReader } from "../store/outcomes/performance-data.ts";
import { withDatabase } from "../store/with-database.ts";
import { answerTask } from "../threads/answer-task.ts";
import type { ThreadData } from "../threads/run-in-thread.ts";

const CONNECTIONS = { applicationName: "ops-service-performance", max: 1, statementTimeoutMs: 30_000 };

await answerTask(({ databaseUrl, task }: ThreadData<PerformanceTask>) =>
  withDatabase({ ...CONNECTIONS, databaseUrl }, (db) => measurePerformance(task, createPerformanceReader(db))),
);
