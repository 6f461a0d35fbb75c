import { IngestKilledError } from "@bellwether/ingest/ingest-errors";
import { PeerUnavailableError } from "./scheduler-error.ts";

/** Settings and dependencies of a run that is tried again. */
export interface RetryRunOptions {
  /**
   * Maximum time without progress during which a run is tried again, ms, when the peer answers that it cannot take the
   * call now. 0: the first error ends the run.
   */
  readonly overloadMs: number;
  /** The same for a peer that does not answer, ms. Shorter, because its address may be wrong. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Waits, and ends early with the signal's reason when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Time of a monotonic clock, ms. */
  readonly nowMs: () => number;
  /** Called before each pause. */
  readonly onRetry: (error: Error, pauseMs: number) => void;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;

/**
 * Does a run, and does it again after a temporary error of a peer; the run continues where it stopped. The pause doubles
 * with each error in a row and is at least the time that the peer asks for. The last pause ends at the time limit.
 * @param attempt does the run; it calls its parameter when the run made progress, which starts the time limits again
 * @throws the last error of `attempt`, PeerUnavailableError only after the time limit
 */
export async function retryRun<T>(
  attempt: (onProgress: () => void) => Promise<T>,
  { overloadMs, silenceMs, signal, pause, nowMs, onRetry }: RetryRunOptions,
): Promise<T> {
  let failing: { readonly sinceMs: number; pauseMs: number } | null = null;
  const onProgress = (): void => {
    failing = null;
  };
  while (true) {
    try {
      return await attempt(onProgress);
    } catch (error) {
      const mayPass = error instanceof PeerUnavailableError || error instanceof IngestKilledError;
      if (!mayPass || signal.aborted) throw error;
      const answered = error instanceof PeerUnavailableError && error.answered;
      const now = nowMs();
      failing ??= { sinceMs: now, pauseMs: FIRST_PAUSE_MS };
      const askedMs = Math.min(MAX_PAUSE_MS, answered ? error.retryAfterMs : 0);
      const limitMs = answered ? overloadMs : Math.min(silenceMs, overloadMs);
      const leftMs = limitMs - (now - failing.sinceMs);
      if (leftMs <= 0 || askedMs > leftMs) throw error;
      const waitMs = Math.min(MAX_PAUSE_MS, leftMs, Math.max(failing.pauseMs, askedMs));
      failing.pauseMs *= 2;
      onRetry(error, waitMs);
      await pause(waitMs, signal);
    }
  }
}
