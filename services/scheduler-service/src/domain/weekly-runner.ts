import type { RunDecisions } from "./weekly-ports.ts";
import type { Progress, WeeklyResult } from "./weekly-run.ts";

/** Runs weeks with the peers and files of this process. */
export interface WeeklyRunner extends Disposable {
  readonly modelName: string;
  /** @throws the errors of `runWeekly` */
  run(
    week: string,
    input: string,
    signal: AbortSignal,
    onProgress: (now: Progress) => void,
    decisions?: RunDecisions,
  ): Promise<WeeklyResult>;
  /** Whether the week is complete in the ledger. @throws PeerUnavailableError, PeerRejectedError */
  isComplete(week: string): Promise<boolean>;
  /** Returns the folder of the week, with its report. */
  folderOf(week: string): string;
}
