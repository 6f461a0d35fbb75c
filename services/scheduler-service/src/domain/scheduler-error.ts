/** The weekly file is not there, or not below the input folder. */
export class InputNotFoundError extends Error {
  override readonly name = "InputNotFoundError" as const;

  constructor(input: string) {
    super(`the weekly file ${input} is not there or cannot be read; give the path of a CSV or Parquet file`);
  }
}

/** An unfinished week was begun with another file. */
export class InputChangedError extends Error {
  override readonly name = "InputChangedError" as const;

  constructor(week: string, began: string, asked: string) {
    super(`${week} was begun with ${began}, not with ${asked}; finish it with that file first`);
  }
}

/** Every row of the weekly file was set aside. */
export class NothingToScoreError extends Error {
  override readonly name = "NothingToScoreError" as const;

  constructor(setAside: number, firstReason: string) {
    super(
      `the weekly file has no row that can be scored: ${setAside} set aside${firstReason && `, first: ${firstReason}`}`,
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
export class PeerRefusedError extends Error {
  override readonly name = "PeerRefusedError" as const;

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
    super(`${place} cannot be used: ${meaning} (${code}); the run is tried again`, options);
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
