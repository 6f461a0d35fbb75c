import type { CatchUpDeps } from "./catch-up.ts";
import type { InputCheckTask, InputReport } from "./check-input-file.ts";
import type { InputLooks } from "./input-object.ts";
import type { RunDecisions, WeekCompletion } from "./weekly-ports.ts";
import type { Progress, WeeklyResult } from "./weekly-run.ts";

/** How a run is done, in addition to its week and input. */
export interface RunOptions extends RunDecisions {
  /** Why the scheduler started the run by itself, as a note of the run. Absent: no note. */
  readonly remark?: string;
  /** True: the run goes on with the snapshot that it has, and does not read the input again. */
  readonly keepsSnapshot?: boolean;
}

/** Runs weeks with the peers and files of this process. */
export interface WeeklyRunner extends Disposable {
  readonly modelName: string;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  /** @throws the errors of `runWeekly` */
  run(
    week: string,
    input: string,
    signal: AbortSignal,
    onProgress: (now: Progress) => void,
    options?: RunOptions,
  ): Promise<WeeklyResult>;
  /** Verifies that an input exists. @throws InputNotFoundError, DiskError, InputUnavailableError, InputRejectedError */
  find(input: string, signal: AbortSignal): Promise<void>;
  /** Reads the input of a week and does the checks of a run, without starting it. @throws the errors of `checkInputFile` */
  check(
    week: string,
    input: string,
    signal: AbortSignal,
    options?: Partial<Pick<InputCheckTask, "isForced">>,
  ): Promise<InputReport>;
  /** Whether the week is complete in the ledger. @throws PeerUnavailableError, PeerRejectedError */
  completion(week: string): Promise<WeekCompletion>;
  /** The weeks of the model in the ledger. @throws PeerUnavailableError, PeerRejectedError */
  readonly weeks: Pick<CatchUpDeps, "listRecent" | "findWeek" | "recordMissed">;
  /** Returns the SHA-256 of the content of an input, lower-case hex. */
  digestOf(input: string, signal: AbortSignal): Promise<string>;
  /** Returns the input of a run whose snapshot is in the data folder of this process. Null when it is not. */
  readonly inputOfRun: CatchUpDeps["inputOfRun"];
  /** Inputs in object stores. */
  readonly inputs: InputLooks;
  /** Numbers of files that killed processes had left, and that were removed at the start. */
  readonly swept: { readonly copies: number; readonly drafts: number };
  /** Returns the folder of the week, with its report. */
  folderOf(week: string): string;
}
