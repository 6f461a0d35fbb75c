import type { BacktestReport } from "../domain/backtest/backtest-report.ts";
import type { BacktestTask } from "../domain/backtest/backtest-rules.ts";
import { BacktestBusyError } from "../domain/backtest/rule-draft.ts";
import { createThreadWork, type ThreadWork } from "../threads/run-in-thread.ts";

/** Rules that raise 100,000 alerts need the most. */
const MAX_HEAP_MB = 512;

/** Creates a function that tests rules in a thread. @throws BacktestBusyError when too many wait */
export function createBacktest(databaseUrl: string): ThreadWork<BacktestTask, BacktestReport> {
  return createThreadWork({
    ...{ databaseUrl, maxHeapMb: MAX_HEAP_MB, busy: () => new BacktestBusyError() },
    worker: new URL("./backtest-worker.ts", import.meta.url),
  });
}
