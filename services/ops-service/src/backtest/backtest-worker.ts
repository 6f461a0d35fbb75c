import { type BacktestTask, backtestRules } from "../domain/backtest/backtest-rules.ts";
import { createBacktestReader } from "../store/backtest/backtest-data.ts";
import { withDatabase } from "../store/with-database.ts";
import { answerTask } from "../threads/answer-task.ts";
import type { ThreadData } from "../threads/run-in-thread.ts";

// Two weeks are read at the same time.
const CONNECTIONS = { applicationName: "ops-service-backtest", max: 2, statementTimeoutMs: 60_000 };

await answerTask(({ databaseUrl, task }: ThreadData<BacktestTask>) =>
  withDatabase({ ...CONNECTIONS, databaseUrl }, (db) => backtestRules(task, createBacktestReader(db))),
);
