import { parentPort, workerData } from "node:worker_threads";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { BacktestReport } from "../domain/backtest/backtest-report.ts";
import { type BacktestTask, backtestRules } from "../domain/backtest/backtest-rules.ts";
import { createBacktestReader } from "../store/backtest/backtest-data.ts";
import { translateDatabaseError } from "../store/database-error.ts";
import type { ThreadData, ThreadMessage } from "../threads/run-in-thread.ts";

const STATEMENT_TIMEOUT_MS = 60_000;
const CLOSE_MS = 1_000;

const { databaseUrl, task } = workerData as ThreadData<BacktestTask>;
// Two weeks are read at the same time.
const pool = connectPostgres(databaseUrl, {
  ...{ max: 2, applicationName: "ops-service-backtest", statementTimeoutMs: STATEMENT_TIMEOUT_MS },
});
const send = (message: ThreadMessage<BacktestReport>): void => parentPort?.postMessage(message);
try {
  send({ report: await backtestRules(task, createBacktestReader(drizzle(pool))) });
} catch (cause) {
  const error = translateDatabaseError(cause, () => {});
  send({
    error: error instanceof Error ? { name: error.name, message: error.message } : { name: "", message: String(error) },
  });
} finally {
  await pool.close(CLOSE_MS);
  parentPort?.close();
}
