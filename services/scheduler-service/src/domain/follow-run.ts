import type { CatchUpDeps, WeekRecord } from "./catch-up.ts";
import { PeerUnavailableError, RunFencedError, type RunInputs } from "./scheduler-error.ts";

/** Time without progress after which the other program's run is not waited for, ms. */
const STALE_MS = 600_000;
const LOOK_MS = 1_000;

/** Settings and dependencies of a run that another program may continue. */
export interface FollowRunOptions extends Pick<CatchUpDeps, "findWeek"> {
  readonly week: string;
  readonly signal: AbortSignal;
  /** Waits, and ends early with the signal's reason when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Time of a monotonic clock, ms. */
  readonly nowMs: () => number;
  /** Called once, before the wait for the other program. */
  readonly onFollow: () => void;
}

/**
 * Does a run. If another program takes the run over with the same input and configuration, waits until that program has
 * ended it and attempts it again, which returns the result of a complete week and the failed checks of a held one.
 * @param attempt does the run, or returns the result that it has
 * @throws the errors of `attempt`; RunFencedError also when the other run failed, has another input or configuration, or
 * makes no progress for 10 minutes
 */
export async function followRun<T>(attempt: () => Promise<T>, options: FollowRunOptions): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof RunFencedError) || error.inputs === null) throw error;
    const ended = await endOfOther(error.inputs, options);
    if (ended !== "complete" && ended !== "held") throw error;
    return await attempt();
  }
}

/** Returns the state in which the other program's run ended. Null: it is not the same run, or it makes no progress. */
async function endOfOther(
  { sourceDigest, configHash }: RunInputs,
  { week, findWeek, signal, pause, nowMs, onFollow }: FollowRunOptions,
): Promise<WeekRecord["state"] | null> {
  let progress = "";
  let sinceMs = nowMs();
  let isFirst = true;
  while (nowMs() - sinceMs < STALE_MS) {
    // A service that does not answer now may answer at the next look.
    const record = await findWeek(week).catch((error: unknown) => {
      if (error instanceof PeerUnavailableError) return undefined;
      throw error;
    });
    if (record !== undefined) {
      if (record?.sourceDigest !== sourceDigest || record.configHash !== configHash) return null;
      if (record.state !== "running") return record.state;
      if (record.progress !== progress) [progress, sinceMs] = [record.progress, nowMs()];
      if (isFirst) onFollow();
      isFirst = false;
    }
    await pause(LOOK_MS, signal);
  }
  return null;
}
