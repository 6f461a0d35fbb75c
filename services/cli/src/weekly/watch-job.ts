import { setTimeout as delay } from "node:timers/promises";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Code, ConnectError } from "@connectrpc/connect";
import { ReportedError } from "../errors/reported-error.ts";
import { showProgress } from "../output/report.ts";
import { shellWord } from "../output/shell-word.ts";
import type { PeerClient } from "../remote/peer-client.ts";
import { stateText } from "./run-text.ts";

/** The last state of a watched job. */
export interface JobEnd {
  readonly isoWeek: string;
  readonly runId: number;
  readonly state: RunState;
  readonly failure: string;
  readonly rowsRead: bigint;
  readonly rowsScored: bigint;
  readonly rowsRejected: bigint;
  readonly wasComplete: boolean;
  readonly notes: readonly string[];
}

/** Pauses of a watch, and the clock that limits them. */
export interface WatchClock {
  readonly pause: (ms: number) => Promise<void>;
  /** Time of a monotonic clock, ms. */
  readonly nowMs: () => number;
}

const CLOCK: WatchClock = { pause: (ms) => delay(ms), nowMs: () => performance.now() };

/** Maximum time for which a watch is opened again while scheduler-service does not answer, ms; its restart takes 16 s. */
const SILENCE_MS = 30_000;
const FIRST_PAUSE_MS = 500;

/**
 * Watches a job to its end. A watch ends with UNAVAILABLE when its connection reaches its maximum age, and when
 * scheduler-service is restarted; it is then opened again, as long as it had sent a message. The job continues without
 * its watch.
 */
export async function watchJob(
  { client, answer }: PeerClient<typeof ScheduleService>,
  jobId: string,
  { pause, nowMs }: WatchClock = CLOCK,
): Promise<JobEnd> {
  let end: JobEnd | undefined;
  let seenMs: number | null = null;
  for (let pauseMs = FIRST_PAUSE_MS; ; ) {
    let isNew = false;
    try {
      for await (const status of client.watchProgress({ jobId })) {
        isNew = true;
        if (status.state === RunState.UNSPECIFIED) continue;
        end = status;
        if (status.rowsRead > 0n)
          showProgress("scoring", Number(status.rowsScored + status.rowsRejected), Number(status.rowsRead));
      }
      if (end !== undefined && end.state !== RunState.RUNNING) return end;
      if (!isNew) throw new Error(`the watch of job ${jobId} ended before the run; watch it again`);
    } catch (error) {
      if (end !== undefined && end.state !== RunState.RUNNING) return end;
      if (isNew) seenMs = nowMs();
      const leftMs = seenMs === null ? 0 : seenMs + SILENCE_MS - nowMs();
      if (ConnectError.from(error).code !== Code.Unavailable || leftMs <= 0) {
        const shown = await errorOf(answer, error);
        throw seenMs === null ? shown : withNextStep(shown, jobId);
      }
      if (isNew) pauseMs = FIRST_PAUSE_MS;
      else if (pauseMs === FIRST_PAUSE_MS)
        process.stderr.write("scheduler-service does not answer; trying again. The job continues\n");
      await pause(Math.min(pauseMs, leftMs));
      if (!isNew) pauseMs *= 2;
    }
  }
}

/** Returns the error of a call for a person. */
const errorOf = (answer: PeerClient<typeof ScheduleService>["answer"], error: unknown): Promise<Error> =>
  answer(Promise.reject(error)).then(
    () => new Error("a rejected call was answered"),
    (shown: unknown) => (shown instanceof Error ? shown : new Error(String(shown))),
  );

const withNextStep = (error: Error, jobId: string): Error =>
  new Error(
    `${error.message}. The job continues when scheduler-service runs; to watch it again: npx bellwether weekly watch --job ${shellWord(jobId)}`,
    { cause: error.cause },
  );

/** Returns the result of a complete run. Of another run, the error of the command says all. */
export function endLines(week: string, end: JobEnd): string[] {
  const { rowsRead, rowsScored, rowsRejected, wasComplete, notes } = end;
  const counts = `${countText(rowsRead, "row")} read = ${rowsScored} scored + ${rowsRejected} rejected`;
  return [`${week}: ${wasComplete ? "complete already; " : ""}${counts}`, ...notes.map((note) => `note: ${note}`)];
}

export const endToJson = ({
  state,
  failure,
  rowsRead,
  rowsScored,
  rowsRejected,
  wasComplete,
  notes,
}: JobEnd): object => ({
  ...{ state: stateText(state), failure, was_complete: wasComplete, notes },
  ...{ rows_read: Number(rowsRead), rows_scored: Number(rowsScored), rows_rejected: Number(rowsRejected) },
});

/** States of a week that a failed job leaves as they were. */
const KEPT: ReadonlySet<RunState> = new Set([RunState.COMPLETE, RunState.HELD]);

/**
 * Adds to a failed job that the week is complete or held as before, for example because the file of the job does not
 * exist.
 * @param run newest run of the week. Undefined: none, or not known
 */
export function withKeptRun(end: JobEnd, run: Pick<BatchRun, "state" | "revision" | "isoWeek"> | undefined): JobEnd {
  if (end.state !== RunState.FAILED || run === undefined || !KEPT.has(run.state)) return end;
  const kept = `${run.isoWeek} is ${stateText(run.state)} as before (revision ${run.revision}), nothing was replaced`;
  return { ...end, failure: `${JOB_FAILED}${end.failure}; ${kept}` };
}

const JOB_FAILED = "the job failed: ";

export function throwUnlessComplete(week: string, { state, failure }: JobEnd): void {
  if (state === RunState.COMPLETE) return;
  const saysAll = failure.startsWith(`${week} is ${stateText(state)}`) || failure.startsWith(JOB_FAILED);
  throw new ReportedError(saysAll ? failure : `${week} is ${stateText(state)}: ${failure}`);
}
