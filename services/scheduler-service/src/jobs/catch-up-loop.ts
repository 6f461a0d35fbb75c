import { setTimeout as pause } from "node:timers/promises";
import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import { isQueueUnavailable } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import type { CatchUpState } from "../domain/catch-up.ts";
import { DiskError, JobStoreError, PeerUnavailableError } from "../domain/scheduler-error.ts";

export interface CatchUpLoopOptions {
  /** Makes one pass over the due weeks. */
  readonly pass: (nowMs: number) => Promise<CatchUpState>;
  readonly now: () => Date;
  /** Time between two passes, milliseconds. */
  readonly everyMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Called after each pass. */
  readonly onState: (state: CatchUpState) => void;
}

/** Passes over the due weeks, at intervals and on request, one at a time. */
export interface CatchUpLoop extends AsyncDisposable {
  /** Returns the result of the last pass. Null before the first one. */
  state(): CatchUpState | null;
  /** Makes a pass now. Resolves after it, also when it failed: the next one follows after the interval. */
  nudge(): Promise<void>;
}

/** Errors of a service, a disk or a store that may answer again. */
const PASSING = [PeerUnavailableError, DiskError, JobStoreError];

/** Starts the passes. The first one is made at once. */
export function startCatchUpLoop({ pass, now, everyMs, logger, onState }: CatchUpLoopOptions): CatchUpLoop {
  const stopping = new AbortController();
  let state: CatchUpState | null = null;
  const mayPass = (error: unknown): boolean =>
    PASSING.some((kind) => error instanceof kind) || isQueueUnavailable(error);
  const outage = createPeerOutage({ logger, text: "the due weeks cannot be checked; the next check follows", mayPass });
  let running: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    try {
      const before = state;
      state = await pass(now().getTime());
      outage.end();
      reportChanges(logger, before, state);
      onState(state);
    } catch (error) {
      if (stopping.signal.aborted) return;
      outage.report(error);
    }
  };
  const nudge = (): Promise<void> => {
    running = running.then(look);
    return running;
  };
  const repeat = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await nudge();
      await pause(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };
  const repeating = repeat();
  return {
    state: () => state,
    nudge,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await repeating;
      await running;
    },
  };
}

/** Logs the weeks that wait, are missed or are held since the last pass. */
function reportChanges(logger: CatchUpLoopOptions["logger"], before: CatchUpState | null, state: CatchUpState): void {
  const known = new Map(before?.waiting.map(({ week, reason }) => [week, reason]));
  for (const { week, deadlineMs, reason } of state.waiting)
    if (known.get(week) !== reason)
      logger.info(
        { week, reason, ...(deadlineMs !== null && { until: new Date(deadlineMs).toISOString() }) },
        "weekly run waits",
      );
  for (const kind of ["missed", "held"] as const)
    for (const week of state[kind]) if (!before?.[kind].includes(week)) logger.warn({ week }, `weekly run ${kind}`);
}
