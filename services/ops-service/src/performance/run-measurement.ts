import type { PerformanceReport, PerformanceTask } from "../domain/outcomes/measure-performance.ts";
import { PerformanceBusyError } from "../domain/outcomes/outcome-error.ts";
import { createThreadWork, type ThreadWork } from "../threads/run-in-thread.ts";

const MAX_HEAP_MB = 256;

/** Creates a function that measures performance in a thread. @throws PerformanceBusyError when too many wait */
export function createMeasurement(databaseUrl: string): ThreadWork<PerformanceTask, PerformanceReport> {
  return createThreadWork({
    ...{ databaseUrl, maxHeapMb: MAX_HEAP_MB, busy: () => new PerformanceBusyError() },
    worker: new URL("./performance-worker.ts", import.meta.url),
  });
}
