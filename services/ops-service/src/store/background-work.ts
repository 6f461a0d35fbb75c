import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";

/** Work that calls request, and that is done beside them, once at a time. */
export interface BackgroundWork extends AsyncDisposable {
  /** Starts the work for everything that is committed by now. Does not wait. */
  start(): void;
  /** The same, and waits until it is done. @throws the error of the work */
  finish(): Promise<void>;
}

/**
 * Creates background work. `work` must do everything that is there to do when it is called, and must be repeatable: a
 * request during the work makes it run once more. Work that failed is done at the next request.
 */
export function createBackgroundWork(work: () => Promise<unknown>, onError: (error: unknown) => void): BackgroundWork {
  let working: Promise<void> | undefined;
  let isRequested = false;
  const workOff = async (): Promise<void> => {
    try {
      while (isRequested) {
        isRequested = false;
        await work();
      }
    } finally {
      working = undefined;
    }
  };
  const begin = (): Promise<void> => {
    isRequested = true;
    if (working === undefined) {
      working = runOutsideCalls(workOff);
      working.catch(onError);
    }
    return working;
  };
  return {
    start: () => void begin().catch(() => {}),
    finish: begin,
    async [Symbol.asyncDispose]() {
      isRequested = false;
      await working?.catch(() => {});
    },
  };
}
