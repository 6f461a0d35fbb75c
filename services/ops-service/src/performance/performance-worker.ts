import { parentPort, workerData } from "node:worker_threads";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import {
  measurePerformance,
  type PerformanceReport,
  type PerformanceTask,
} from "../domain/outcomes/measure-performance.ts";
import { translateDatabaseError } from "../store/database-error.ts";
import { createPerformanceReader } from "../store/outcomes/performance-data.ts";
import type { ThreadData, ThreadMessage } from "../threads/run-in-thread.ts";

const STATEMENT_TIMEOUT_MS = 30_000;
const CLOSE_MS = 1_000;

const { databaseUrl, task } = workerData as ThreadData<PerformanceTask>;
const pool = connectPostgres(databaseUrl, {
  ...{ max: 1, applicationName: "ops-service-performance", statementTimeoutMs: STATEMENT_TIMEOUT_MS },
});
const send = (message: ThreadMessage<PerformanceReport>): void => parentPort?.postMessage(message);
try {
  send({ report: await measurePerformance(task, createPerformanceReader(drizzle(pool))) });
} catch (cause) {
  const error = translateDatabaseError(cause, () => {});
  send({
    error: error instanceof Error ? { name: error.name, message: error.message } : { name: "", message: String(error) },
  });
} finally {
  await pool.close(CLOSE_MS);
  parentPort?.close();
}
