import type { BatchRun, RunCheck, RunLosses } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { IngestKilledError } from "@bellwether/ingest/ingest-errors";
import { countText } from "@bellwether/reasons/count-text";
import { describeReasons, type RejectedReasonSample } from "./rejected-reasons.ts";
import { CHECK_FAILED } from "./stages.ts";

/** The installation has no such model. */
export class ModelNotConfiguredError extends Error {
  override readonly name = "ModelNotConfiguredError" as const;
  constructor(modelName: string, known: readonly string[]) {
    super(`this scheduler has no model ${JSON.stringify(modelName)}; it has: ${known.join(", ")}`);
  }
}

/** The weekly file does not exist, or is not below the input folder. */
export class InputNotFoundError extends Error {
  override readonly name = "InputNotFoundError" as const;

  /** @param isInFolder whether a caller of the scheduler named it, whose files are below its input folder */
  constructor(input: string, isInFolder = false) {
    super(
      isInFolder
        ? `the weekly file ${input} is not in the input folder of the scheduler (WEEKLY_INPUT_FOLDER), or cannot be read; give its path relative to that folder, such as week.csv. For a file of your own machine, use bellwether weekly run`
        : `the weekly file ${input} does not exist or cannot be read; give the path of a CSV or Parquet file`,
    );
  }
}

/** Another program wrote the weekly file while the run read it. */
export class InputChangedError extends Error {
  override readonly name = "InputChangedError" as const;

  constructor(input: string) {
    super(`the weekly file ${input} changed while it was read; run the week again when the file is complete`);
  }
}

/**
 * The object store of the weekly input cannot be reached, or is too slow. A later retry may succeed: nothing of the run is lost.
 */
export class InputUnavailableError extends Error {
  override readonly name = "InputUnavailableError" as const;
  readonly retryAfterMs = 30_000;
  /** The message without what it means for a run. */
  readonly problem: string;

  /** @param problem address of the input and what happened, without secrets */
  constructor(problem: string, options?: ErrorOptions) {
    super(
      `the weekly file cannot be read now: ${problem}; when it can be read, the run continues where it stopped`,
      options,
    );
    this.problem = `the weekly file cannot be read now: ${problem}`;
  }
}

/** The object store rejects the reading of the weekly input, or the input cannot be used. A retry has the same result. */
export class InputRejectedError extends Error {
  override readonly name = "InputRejectedError" as const;

  /** @param problem address of the input, what is wrong, and what to do, without secrets */
  constructor(problem: string, options?: ErrorOptions) {
    super(`the weekly file cannot be used: ${problem}`, options);
  }
}

/**
 * The run is complete, but its files could not be stored in the object store. Running the week again stores them, and scores nothing
 * again.
 */
export class ResultsNotStoredError extends Error {
  override readonly name = "ResultsNotStoredError" as const;
  readonly retryAfterMs = 30_000;
  /** Whether a later attempt may succeed without anybody's help. */
  readonly mayPass: boolean;

  constructor(week: string, problem: string, mayPass: boolean, options?: ErrorOptions) {
    super(
      `${week} is complete, but its snapshot and report were not stored: ${problem}; run the week again to store them`,
      options,
    );
    this.mayPass = mayPass;
  }
}

/** Source and configuration of a run. */
export interface RunInputs {
  /** SHA-256 of the content of the source, lower-case hex. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
}

/** The week is complete, and the new run has another source or configuration. Nothing was replaced. */
export class WeekCompleteError extends Error {
  override readonly name = "WeekCompleteError" as const;
  readonly recorded: RunInputs;
  readonly given: RunInputs;

  constructor(week: string, recorded: RunInputs, given: RunInputs) {
    const differs = [
      recorded.sourceDigest !== given.sourceDigest &&
        `another source (SHA-256 ${recorded.sourceDigest}, now ${given.sourceDigest})`,
      recorded.configHash !== given.configHash &&
        `another configuration (hash ${recorded.configHash}, now ${given.configHash})`,
    ].filter((text) => text !== false);
    super(
      `${week} is complete and was run with ${differs.join(" and ")}; nothing was replaced. If the file is for another week, name that week. If the file of ${week} was wrong, ask for a new revision (bellwether weekly supersede --week ${week} --reason TEXT), then run the corrected file. If source and configuration were not meant to change, run with the recorded ones`,
    );
    this.recorded = recorded;
    this.given = given;
  }
}

/**
 * A run of the week is queued or running, with another file or without the decisions that the caller gives
 * now.
 */
export class RunUnderWayError extends Error {
  override readonly name = "RunUnderWayError" as const;

  constructor(week: string, differs: string) {
    super(`${week} is queued or running already, ${differs}; wait for its end (WatchProgress), then try again`);
  }
}

/** An ops-service of an earlier release has failed the run, because its losses exceed the risk policy. */
export class LossLimitError extends Error {
  override readonly name = "LossLimitError" as const;
  /** Figures and limits. Null when ops-service did not send them. */
  readonly losses: RunLosses | null;
  /** The message of ops-service: figures and limits, no values of rows. */
  readonly figures: string;
  /** Reasons for which reading and mapping rejected rows. The message has the first ones. */
  readonly reasons: readonly RejectedReasonSample[];

  constructor(
    figures: string,
    losses: RunLosses | null,
    reasons: readonly RejectedReasonSample[] = [],
    options?: ErrorOptions,
  ) {
    super(reasons.length === 0 ? figures : `${figures}. Rejected: ${describeReasons(reasons, true)}`, options);
    this.figures = figures;
    this.losses = losses;
    this.reasons = reasons;
  }
}

/** A check of the input failed. Nothing is published until a person decides about the run. */
export class RunHeldError extends Error {
  override readonly name = "RunHeldError" as const;
  readonly run: BatchRun;
  /** The checks that failed, with their figures; no values of rows. */
  readonly failed: readonly RunCheck[];
  /** The message without values of rows, for logs. */
  readonly figures: string;
  /** Reasons for which reading and mapping rejected rows; the message has the first ones when they were too many. */
  readonly reasons: readonly RejectedReasonSample[];

  constructor(run: BatchRun, reasons: readonly RejectedReasonSample[] = [], options?: ErrorOptions) {
    const failed = run.checks.filter(({ outcome }) => outcome === CHECK_FAILED);
    const shown = failed
      .slice(0, MAX_VIOLATIONS)
      .map(({ column, detail }) => (column ? `${column}: ${detail}` : detail));
    const more = failed.length > MAX_VIOLATIONS ? [`and ${failed.length - MAX_VIOLATIONS} more`] : [];
    const isRejection = reasons.length > 0 && failed.some(({ kind }) => kind === REJECTED_ROWS);
    const rejected = isRejection ? `. Rejected: ${describeReasons(reasons, true)}` : "";
    const figures = `${run.isoWeek} is held, and nothing of it is published: ${[...shown, ...more].join("; ")}`;
    const which = `--week ${run.isoWeek} --model ${run.modelName} --reason TEXT`;
    super(
      `${figures}${rejected}. Publish it (bellwether weekly approve ${which}), withdraw it (bellwether weekly void ${which}), or run a corrected file`,
      options,
    );
    this.run = run;
    this.failed = failed;
    this.figures = figures;
    this.reasons = isRejection ? reasons : [];
  }
}

/** Number of `bellwether.ops.v1.CheckKind.REJECTED_ROWS`. */
const REJECTED_ROWS = 8;

/** The mapping does not provide the features that the model expects. */
export class ModelContractError extends Error {
  override readonly name = "ModelContractError" as const;

  constructor(model: string, violations: readonly string[]) {
    const shown = violations.slice(0, MAX_VIOLATIONS).join("; ");
    const more = violations.length > MAX_VIOLATIONS ? `; and ${violations.length - MAX_VIOLATIONS} more` : "";
    super(
      `the configuration does not match the features of ${model}: ${shown}${more}; run with the configuration that the model was trained with, or train one with this configuration`,
    );
  }
}

const MAX_VIOLATIONS = 10;

/** What a weekly file without a row to score gave. */
interface NothingRead {
  readonly rejected: { readonly count: number; readonly samples: readonly { readonly reason: string }[] };
  /** The mapping takes only rows that were known on this date. Null: it takes all rows. Left out: not recorded. */
  readonly asOf?: string | null;
  /** Rows that were not used because of their date. Null: none; left out: not recorded. */
  readonly laterRows?: { readonly rows: number; readonly after: string } | null;
  /** The files that were read, with the number of their rows. */
  readonly sources?: readonly { readonly read: number }[];
}

/** Reason of a rejected row whose `as_of` is not known. */
const NO_DATE = "no date";

/** The weekly file has no rows, every row was rejected, or none is of the week's date. */
export class NothingToScoreError extends Error {
  override readonly name = "NothingToScoreError" as const;

  /** @param failed the failed checks of the input; empty: none */
  constructor({ rejected, asOf, laterRows, sources = [] }: NothingRead, failed = "") {
    const isEmpty = sources.length > 0 && sources.every(({ read }) => read === 0);
    const [first] = rejected.samples;
    const dated = laterRows
      ? `; ${countText(laterRows.rows, "row is", "rows are")} dated after ${laterRows.after} and not used: is the week the one of the file?`
      : !asOf
        ? ""
        : first?.reason === NO_DATE
          ? `; a row without a date is scored with as_of: coalesce(COLUMN, $as_of) in the mapping, which is then ${asOf}`
          : `; the mapping takes what was known on ${asOf}: is the week one of the data?`;
    const nothing = isEmpty
      ? "the weekly file has a header and no rows: is the export finished?"
      : `the weekly file has no row that can be scored: ${rejected.count} rejected${first ? `, first: ${first.reason}` : ""}${dated}`;
    super(`${nothing}${failed && `; ${failed}`}`);
  }
}

/** The weekly file has more rows than fit into the chunks of one run. Nothing was scored. */
export class TooManyChunksError extends Error {
  override readonly name = "TooManyChunksError" as const;

  constructor(rows: number, chunkRows: number, maxChunks: number) {
    super(
      `${countText(rows, "supplier")} do not fit into ${countText(maxChunks, "chunk")} of ${chunkRows}; run the week again with a larger WEEKLY_CHUNK_ROWS`,
    );
  }
}

/** Another worker has taken over the run. This attempt can write nothing more. */
export class RunFencedError extends Error {
  override readonly name = "RunFencedError" as const;
  /** Input and configuration of the attempt, as SHA-256. Null: not known. */
  readonly inputs: RunInputs | null;

  constructor(inputs: RunInputs | null = null) {
    super(
      "another run of this week has taken over; this one can write nothing more. If it has the same file, it continues this one; if it has another file or configuration, its rows are published instead",
    );
    this.inputs = inputs;
  }
}

/**
 * A service that the run needs does not answer, or answers that it cannot take the call now. A later retry continues
 * where the run stopped.
 */
export class PeerUnavailableError extends Error {
  override readonly name = "PeerUnavailableError" as const;
  readonly retryAfterMs: number;
  /** Whether the peer itself answered, for example that it is overloaded. */
  readonly answered: boolean;
  /** The message without what it means for a run. */
  readonly problem: string;

  /** @param options `retryAfterMs`: the time after which the peer may be called again, when the peer answered */
  constructor(peer: string, cause: string, options?: ErrorOptions & { readonly retryAfterMs?: number }) {
    const answered = options?.retryAfterMs !== undefined;
    const problem = `${peer} ${answered ? "cannot take the call now" : "does not answer"} (${cause})`;
    super(`${problem}; when it ${answered ? "can" : "answers again"}, the run continues where it stopped`, options);
    this.answered = answered;
    this.problem = problem;
    this.retryAfterMs = options?.retryAfterMs ?? DEFAULT_RETRY_MS;
  }
}

const DEFAULT_RETRY_MS = 5_000;

/**
 * A single run was stopped from outside, and nothing continues it by itself. It is the reason of the run's abort
 * signal; the run is marked as failed with this text.
 */
export class RunStoppedError extends Error {
  override readonly name = "RunStoppedError" as const;

  /** @param by what stopped it, for example "SIGTERM" */
  constructor(by: string) {
    super(`stopped by ${by}; run the command again to continue`);
  }
}

/** A service has rejected a call of the run. A retry has the same result. */
export class PeerRejectedError extends Error {
  override readonly name = "PeerRejectedError" as const;
  /** Whether the message contains no values of rows, so that it may be logged. */
  readonly isPlain: boolean;

  /** @param options `quotesRows`: the message may contain values of rows. Default: false */
  constructor(peer: string, message: string, options?: ErrorOptions & { readonly quotesRows?: boolean }) {
    super(`${peer} rejects the call: ${message}`, options);
    this.isPlain = options?.quotesRows !== true;
  }
}

/**
 * The store of the jobs does not answer or does not accept writes. The request is not carried out, now or
 * later. A run that has started is not affected.
 */
export class JobStoreError extends Error {
  override readonly name = "JobStoreError" as const;
  readonly retryAfterMs = 5_000;

  /** @param consequence what that means for the call, and what to do */
  constructor(state: string, consequence = "nothing was started, try again later", options?: ErrorOptions) {
    super(`the store of the jobs (Redis or PostgreSQL) ${state}; ${consequence}`, options);
  }
}

/**
 * A file or folder of the run cannot be used: full disk, missing permission, file system not available. A
 * later retry may succeed.
 */
export class DiskError extends Error {
  override readonly name = "DiskError" as const;
  readonly retryAfterMs = 30_000;
  /** The system's code, for example "ENOSPC". */
  readonly code: string;
  /** The message without what it means for a run. */
  readonly problem: string;

  /** @param place the file or folder; @param meaning explanation of the code */
  constructor(place: string, code: string, meaning: string, options?: ErrorOptions) {
    super(
      `${place} cannot be used: ${meaning} (${code}); when it can be used again, the run continues where it stopped`,
      options,
    );
    this.code = code;
    this.problem = `${place} cannot be used: ${meaning} (${code})`;
  }
}

/** Whether a later attempt at the run may succeed without anybody's help. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ResultsNotStoredError) return error.mayPass;
  if (error instanceof IngestKilledError) return true;
  return error instanceof PeerUnavailableError || error instanceof DiskError || error instanceof InputUnavailableError;
}

/** No schedule has this id. */
export class ScheduleNotFoundError extends Error {
  override readonly name = "ScheduleNotFoundError" as const;

  constructor(scheduleId: string) {
    super(`schedule "${scheduleId.slice(0, 64)}" does not exist; ListSchedules lists the ids`);
  }
}

/** A retrain of another window is queued or running. */
export class RetrainUnderWayError extends Error {
  override readonly name = "RetrainUnderWayError" as const;

  constructor(jobId: string, fromWeek: string, toWeek: string) {
    super(
      `the retrain ${jobId} of ${fromWeek} to ${toWeek} is under way; wait for its end (WatchProgress), or cancel it (CancelRetrain), then try again`,
    );
  }
}

/** The weeks of a retrain are no window. */
export class RetrainWindowError extends Error {
  override readonly name = "RetrainWindowError" as const;
}

/** Nothing can be trained from. */
export class RetrainNotPossibleError extends Error {
  override readonly name = "RetrainNotPossibleError" as const;

  constructor(why: string) {
    super(`a retrain is not possible: ${why}`);
  }
}

/** No job has this id, or it was finished long ago. */
export class JobNotFoundError extends Error {
  override readonly name = "JobNotFoundError" as const;

  constructor(jobId: string) {
    super(`job "${jobId.slice(0, 64)}" does not exist; use an id that TriggerRun or TriggerRetrain returned`);
  }
}

/** The cron pattern has five fields but cannot be parsed, or no time matches it. */
export class CronPatternError extends Error {
  override readonly name = "CronPatternError" as const;

  constructor(cron: string, cause: string, options?: ErrorOptions) {
    super(`the cron pattern "${cron}" cannot be used: ${cause}; correct WEEKLY_CRON`, options);
  }
}

/** The messages of an upload are not a header and the files that it lists. */
export class UploadError extends Error {
  override readonly name = "UploadError" as const;
}

/** Other uploads are under way. */
export class UploadBusyError extends Error {
  override readonly name = "UploadBusyError" as const;
  readonly retryAfterMs = 5_000;
  constructor(limit: number) {
    super(`${limit} uploads are under way; try again when one of them has ended`);
  }
}

/** The next message of an upload did not come in time. */
export class UploadIdleError extends Error {
  override readonly name = "UploadIdleError" as const;
  constructor(idleMs: number) {
    super(`no message of the upload has come for ${idleMs / 1_000} s; begin it again, and send it without pauses`);
  }
}

/** The file cannot be converted to a model. The message is a sentence for the person who imports it. */
export class ImportRejectedError extends Error {
  override readonly name = "ImportRejectedError" as const;
}
