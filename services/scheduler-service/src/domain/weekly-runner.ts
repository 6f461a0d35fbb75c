import type { RunDecisions } from "./weekly-ports.ts";
import type { Progress, WeeklyResult } from "./weekly-run.ts";

/** Runs weeks with the peers and files of this process. */
export interface WeeklyRunner extends Disposable {
  readonly modelName: string;
  /** @throws what `runWeekly` throws */
  run(
    week: string,
    input: string,
    signal: AbortSignal,
    onProgress: (now: Progress) => void,
    decisions?: RunDecisions,
  ): Promise<WeeklyResult>;
  /** Whether the ledger has the week as complete. @throws PeerUnavailableError, PeerRejectedError */
  isComplete(week: string): Promise<boolean>;
  /** Folder with the week's report. */
  folderOf(week: string): string;
}
