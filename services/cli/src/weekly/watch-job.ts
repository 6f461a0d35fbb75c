import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Code, ConnectError } from "@connectrpc/connect";
import { ReportedError } from "../errors/reported-error.ts";
import { showProgress } from "../output/report.ts";
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

/**
 * Watches a job to its end. A watch ends with UNAVAILABLE when its connection reaches its maximum age; it is then opened
 * again, as long as it had sent a message.
 */
export async function watchJob({ client, answer }: PeerClient<typeof ScheduleService>, jobId: string): Promise<JobEnd> {
  let end: JobEnd | undefined;
  for (let seen = true; seen; ) {
    seen = false;
    try {
      for await (const status of client.watchProgress({ jobId })) {
        seen = true;
        if (status.state === RunState.UNSPECIFIED) continue;
        end = status;
        if (status.rowsRead > 0n)
          showProgress("scoring", Number(status.rowsScored + status.rowsRejected), Number(status.rowsRead));
      }
      if (end !== undefined && end.state !== RunState.RUNNING) return end;
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable || !seen) await answer(Promise.reject(error));
    }
  }
  throw new Error(`the watch of job ${jobId} ended before the run; watch it again`);
}

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

export function throwUnlessComplete(week: string, { state, failure }: JobEnd): void {
  if (state === RunState.COMPLETE) return;
  const says = failure.startsWith(`${week} is ${stateText(state)}`);
  throw new ReportedError(says ? failure : `${week} is ${stateText(state)}: ${failure}`);
}
