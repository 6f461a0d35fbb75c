import type { RunLosses } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { describeReasons, type RejectedReasonSample } from "./rejected-reasons.ts";

/** The weekly file is not there, or not below the input folder. */
export class InputNotFoundError extends Error {
  override readonly name = "InputNotFoundError" as const;

  constructor(input: string) {
    super(`the weekly file ${input} is not there or cannot be read; give the path of a CSV or Parquet file`);
  }
}

/** The weekly file was written while it was read. */
export class InputChangedError extends Error {
  override readonly name = "InputChangedError" as const;

  constructor(input: string) {
    super(`the weekly file ${input} changed while it was read; run the week again once it is written`);
  }
}

/** What a complete week was run with, and what it was sent again with. */
export interface RunInputs {
  /** SHA-256 of the content of the source, lower-case hex. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration pair, lower-case hex. */
  readonly configHash: string;
}

/** A complete week was sent again with another source or configuration: nothing is replaced. */
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
      `${week} is complete and was run with ${differs.join(" and ")}; nothing was replaced: this release cannot replace a complete week. If the file is for another week, name that week. If the file of ${week} was wrong, run the corrected one as the present week or as the next week: the newest complete week is what lists and alerts show. If it was not meant to change, run with what the week was run with`,
    );
    this.recorded = recorded;
    this.given = given;
  }
}

/** The week waits or runs, with another file or without the decisions that a caller gives now. */
export class RunUnderWayError extends Error {
  override readonly name = "RunUnderWayError" as const;

  constructor(week: string, differs: string) {
    super(`${week} waits or runs already, ${differs}; wait for its end (WatchProgress), then ask again`);
  }
}

/** The run lost more than the risk policy allows: nothing of it is published. Trying again changes nothing. */
export class LossLimitError extends Error {
  override readonly name = "LossLimitError" as const;
  /** Figures and limits; null: ops-service did not give them. */
  readonly losses: RunLosses | null;
  /** What ops-service says: figures and limits, no values of rows. */
  readonly figures: string;
  /** Why rows were rejected when reading and mapping; the message names the first reasons. */
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

/** The mapping does not give the features that the model takes. */
export class ModelContractError extends Error {
  override readonly name = "ModelContractError" as const;

  constructor(model: string, violations: readonly string[]) {
    const shown = violations.slice(0, MAX_VIOLATIONS).join("; ");
    const more = violations.length > MAX_VIOLATIONS ? `; and ${violations.length - MAX_VIOLATIONS} more` : "";
    super(
      `the configuration does not give what ${model} takes: ${shown}${more}; run with the configuration that the model was trained with, or train one with this configuration`,
    );
  }
}

const MAX_VIOLATIONS = 10;

/** Every row of the weekly file was set aside. */
export class NothingToScoreError extends Error {
  override readonly name = "NothingToScoreError" as const;

  constructor(rejected: number, firstReason: string) {
    super(
      `the weekly file has no row that can be scored: ${rejected} set aside${firstReason && `, first: ${firstReason}`}`,
    );
  }
}

/** Another worker has taken the run over; nothing of this attempt counts any more. */
export class RunFencedError extends Error {
  override readonly name = "RunFencedError" as const;

  constructor() {
    super("another worker has taken the run over and goes on with it");
  }
}

/** A service that the run needs does not answer; trying again later goes on where the run stopped. */
export class PeerUnavailableError extends Error {
  override readonly name = "PeerUnavailableError" as const;
  readonly retryAfterMs = 5_000;

  constructor(peer: string, said: string, options?: ErrorOptions) {
    super(`${peer} does not answer (${said}); once it does, the run goes on where it stopped`, options);
  }
}

/** A service has answered that it will not do its part; trying again changes nothing. */
export class PeerRejectedError extends Error {
  override readonly name = "PeerRejectedError" as const;

  constructor(peer: string, said: string, options?: ErrorOptions) {
    super(`${peer} refuses: ${said}`, options);
  }
}

/** The store of the jobs is away or takes no writes. Nothing that was asked for is done, now or later. */
export class JobStoreError extends Error {
  override readonly name = "JobStoreError" as const;
  readonly retryAfterMs = 5_000;

  constructor(said: string, options?: ErrorOptions) {
    super(`the store of the jobs (Redis or PostgreSQL) ${said}; nothing was started, ask again`, options);
  }
}

/** A file or folder of the run cannot be used: a full disk, a lost right, a file system that is away. Trying again later may help. */
export class DiskError extends Error {
  override readonly name = "DiskError" as const;
  readonly retryAfterMs = 30_000;
  /** The system's code, for example "ENOSPC". */
  readonly code: string;

  /** @param place the file or folder; @param meaning what the code means, for people */
  constructor(place: string, code: string, meaning: string, options?: ErrorOptions) {
    super(`${place} cannot be used: ${meaning} (${code}); once it can, the run goes on where it stopped`, options);
    this.code = code;
  }
}

/** No schedule has this id. */
export class ScheduleNotFoundError extends Error {
  override readonly name = "ScheduleNotFoundError" as const;

  constructor(scheduleId: string) {
    super(`no schedule "${scheduleId.slice(0, 64)}"; ListSchedules tells them`);
  }
}

/** No job has this id, or it was finished long ago. */
export class JobNotFoundError extends Error {
  override readonly name = "JobNotFoundError" as const;

  constructor(jobId: string) {
    super(`no job "${jobId.slice(0, 64)}"; TriggerRun gives the ids`);
  }
}

/** The schedule's cron pattern has the form of one, but no moment fits it. */
export class CronPatternError extends Error {
  override readonly name = "CronPatternError" as const;

  constructor(cron: string, said: string, options?: ErrorOptions) {
    super(`the cron pattern "${cron}" cannot be read: ${said}; correct WEEKLY_CRON`, options);
  }
}
