import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";
import type { Store } from "./database.ts";
import { fillHistory } from "./score-history.ts";

/** Copies the scores of complete runs to the histories of the suppliers, beside the calls. */
export interface HistoryCopier extends AsyncDisposable {
  /** Starts to copy the runs that are complete by now. Does not wait. */
  start(): void;
}

/**
 * Creates the copier. CompleteRun does not wait for it: until a run is copied, histories are read from the run's own
 * table. A copy that failed, or that the end of the process has interrupted, is made by the next start.
 */
export function createHistoryCopier({ db, inTransaction }: Store, onError: (error: unknown) => void): HistoryCopier {
  let copying: Promise<void> | undefined;
  let isRequested = false;
  const copyAll = async (): Promise<void> => {
    while (isRequested) {
      isRequested = false;
      await fillHistory(db, inTransaction);
    }
  };
  return {
    start() {
      isRequested = true;
      copying ??= runOutsideCalls(copyAll)
        .catch(onError)
        .finally(() => {
          copying = undefined;
        });
    },
    async [Symbol.asyncDispose]() {
      isRequested = false;
      await copying;
    },
  };
}
