import { setTimeout as pause } from "node:timers/promises";
import { isQueueUnavailable, readQueue } from "@bellwether/queue/queue-error";
import type { Logger } from "@bellwether/telemetry/logger";
import { metrics } from "@opentelemetry/api";
import {
  changePause,
  latestPause,
  type Pause,
  type PauseFile,
  type PauseState,
  pausesOf,
  timesOf,
} from "../domain/pause.ts";
import { CronPatternError, JobStoreError } from "../domain/scheduler-error.ts";
import { RUN_OPTIONS, type WeeklyQueue } from "./weekly-queue.ts";

/** Current state of the schedule. */
export interface ScheduleState {
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  /** Milliseconds since 1970. Null when the schedule is paused or its store has lost it. */
  readonly nextRunMs: number | null;
}

/** Times for which the schedule exists. */
export interface ScheduleTimes {
  /** When the schedule began, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly pauses: readonly Pause[];
  readonly paused: boolean;
}

export interface ScheduleKeeperConfig {
  /** The job scheduler has the name of the queue. */
  readonly queue: WeeklyQueue;
  /** Name of the model in metrics and logs. Undefined: the default model, which has none there. */
  readonly modelLabel?: string | undefined;
  readonly cron: string;
  readonly timeZone: string;
  readonly pauseFile: PauseFile;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly now: () => Date;
  /** Interval at which the schedule in the store is checked, milliseconds. */
  readonly everyMs: number;
  /**
   * Called after each check with the reason why the schedule will start no run, or with null when it will or
   * is paused.
   */
  readonly report: (reason: string | null) => void;
}

/** Maintains the schedule in the queue's store. */
export interface ScheduleKeeper extends AsyncDisposable {
  /** @throws JobStoreError */
  state(): Promise<ScheduleState>;
  /** @throws JobStoreError */
  setPaused(paused: boolean): Promise<ScheduleState>;
  /** Reads the times from the store, where another process may have changed them. @throws JobStoreError */
  times(): Promise<ScheduleTimes>;
  /** Checks the schedule now. To be called when the store is available again. */
  nudge(): void;
}

/** What is wrong with a store that has no schedule, such as that of a first start. */
const NO_SCHEDULE = "no schedule";
/** States of a job that has not ended. */
const TO_COME: ReadonlySet<string> = new Set(["delayed", "waiting", "prioritized", "active"]);

/**
 * Writes the schedule to the queue's store, then checks at intervals that the schedule and its next job are
 * there: a store may be emptied, lose its last writes, or have a job deleted by hand. What is missing is
 * written again. A run that was due in the meantime is started. The metric bellwether.schedule.next_run is
 * the time of the next run.
 * @throws CronPatternError, JobStoreError
 */
export async function startScheduleKeeper(config: ScheduleKeeperConfig): Promise<ScheduleKeeper> {
  const { queue, cron, timeZone, pauseFile, logger, now, everyMs, report, modelLabel } = config;
  const ofModel = modelLabel === undefined ? {} : { model: modelLabel };
  const scheduleText = `the weekly schedule${modelLabel === undefined ? "" : ` of ${modelLabel}`}`;
  const stopping = new AbortController();
  let resting = new AbortController();
  let nextRunMs: number | null = null;

  const write = async (pauseState: PauseState): Promise<void> => {
    const data = { kind: "tick" as const, ...pauseState };
    await queue
      .upsertJobScheduler(queue.name, { pattern: cron, tz: timeZone }, { name: "tick", data, opts: RUN_OPTIONS })
      .catch((cause: Error) => {
        throw isQueueUnavailable(cause) ? cause : new CronPatternError(cron, cause.message, { cause });
      });
  };
  const find = async () => {
    const found = await queue.getJobScheduler(queue.name);
    return { found, stored: pauseOf(found?.template?.data) };
  };
  const state = async (): Promise<ScheduleState> => {
    const { found, stored } = await find();
    const paused = stored?.paused ?? false;
    nextRunMs = paused ? null : (found?.next ?? null);
    return { cron, timeZone, paused, nextRunMs };
  };
  /** Returns the state that the store should have, and what differs in the store; "" when nothing differs. */
  const compare = async () => {
    const [{ found, stored }, kept] = [await find(), await pauseFile.read()];
    const next = found?.next ?? null;
    const latest = latestPause(stored, kept);
    // The schedule of an earlier release has no beginning. Its next run may be due already.
    const sinceMs = latest.sinceMs ?? Math.min(now().getTime(), next ?? Number.POSITIVE_INFINITY);
    const wanted = { ...latest, sinceMs };
    const lacks = !found
      ? NO_SCHEDULE
      : found.pattern !== cron || found.tz !== timeZone
        ? "another cron pattern or time zone"
        : stored?.paused !== wanted.paused
          ? "another pause"
          : stored.sinceMs !== sinceMs
            ? "another beginning"
            : next === null || !(await hasJob(queue, next))
              ? "no next job"
              : "";
    return {
      wanted,
      kept,
      lacks,
      missedMs: lacks === "another cron pattern or time zone" ? null : (next ?? nextRunMs),
    };
  };
  const assert = async (): Promise<void> => {
    const { wanted, kept, lacks, missedMs } = await compare();
    if (lacks !== "") {
      await write(wanted);
      if (!wanted.paused && missedMs !== null && missedMs <= now().getTime())
        await queue.add("tick", { kind: "tick", ...wanted }, RUN_OPTIONS);
    }
    const isKept = kept?.paused === wanted.paused && kept.changedMs === wanted.changedMs;
    if (!isKept || kept.sinceMs !== wanted.sinceMs) await pauseFile.write(wanted);
    const { paused, nextRunMs: next } = await state();
    const written = { ...ofModel, next: next === null ? null : new Date(next).toISOString() };
    if (lacks === NO_SCHEDULE && kept === null) logger.info(written, "schedule written");
    else if (lacks !== "") logger.warn({ ...written, found: lacks }, "schedule written again");
    report(paused || next !== null ? null : `${scheduleText} has no next run`);
  };

  const gauge = metrics.getMeter("bellwether.schedule").createObservableGauge("bellwether.schedule.next_run", {
    unit: "s",
    description: "When the weekly run starts next, seconds since 1970. 0: it is paused, or there is no next run.",
  });
  const observe: Parameters<typeof gauge.addCallback>[0] = (result) => {
    // The gauge is also observed when there is no next run, because a gauge that is not observed keeps its
    // last value.
    result.observe((nextRunMs ?? 0) / 1_000, ofModel);
  };
  gauge.addCallback(observe);

  const watch = async (): Promise<void> => {
    for (let isAway = false; ; ) {
      resting = new AbortController();
      const signal = AbortSignal.any([stopping.signal, resting.signal]);
      await pause(everyMs, undefined, { signal, ref: false }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        await assert();
        isAway = false;
      } catch (error) {
        if (stopping.signal.aborted) return;
        // When the store does not answer, the watch of the store reports that, so it is not reported here.
        if (!isQueueUnavailable(error)) report(`${scheduleText} cannot be checked: ${messageOf(error)}`);
        if (!isAway) logger.warn({ ...ofModel, err: error }, "the weekly schedule cannot be checked");
        isAway = true;
      }
    }
  };

  await assert();
  const watching = watch();
  const away = (cause: unknown): never => {
    if (!isQueueUnavailable(cause)) throw cause;
    throw new JobStoreError("does not answer", "the schedule can be neither read nor changed; try again later", {
      cause,
    });
  };
  return {
    state: () => readQueue(state).catch(away),
    async setPaused(paused) {
      const { wanted: before } = await readQueue(compare).catch(away);
      const wanted = changePause(before, paused, now().getTime());
      await write(wanted).catch(away);
      // If the disk is full, the next check writes the file again.
      await pauseFile
        .write(wanted)
        .catch((error) => logger.warn({ err: error }, "the pause is stored in the queue's store only"));
      return state().catch(away);
    },
    async times() {
      const { wanted } = await readQueue(compare).catch(away);
      return { sinceMs: wanted.sinceMs, pauses: pausesOf(wanted), paused: wanted.paused };
    },
    nudge: () => resting.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      gauge.removeCallback(observe);
      await watching;
    },
  };
}

async function hasJob(queue: WeeklyQueue, nextMs: number): Promise<boolean> {
  const job = await queue.getJob(`repeat:${queue.name}:${nextMs}`);
  return job !== undefined && TO_COME.has(await job.getState());
}

/** Returns the pause in the data of a job template. Null when there is none. */
function pauseOf(data: unknown): PauseState | null {
  if (typeof data !== "object" || data === null || !("paused" in data)) return null;
  return {
    paused: data.paused === true,
    changedMs: "changedMs" in data ? Number(data.changedMs) || 0 : 0,
    ...timesOf(data),
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
