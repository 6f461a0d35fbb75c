/** A raw file is absent, unreadable, outside the data folder or not in the format that the mapping declares. */
export class SourceError extends Error {
  override readonly name = "SourceError" as const;
  readonly source: string;
  readonly file: string;
  readonly problem: string;

  constructor(source: string, file: string, problem: string) {
    super(`source "${source}", file "${file}": ${problem}`);
    this.source = source;
    this.file = file;
    this.problem = problem;
  }
}

/** SQL of the mapping is rejected, fails, runs too long or returns too many rows. */
export class MappingSqlError extends Error {
  override readonly name = "MappingSqlError" as const;
  /** Place in the mapping, e.g. `steps[1] (history)`. */
  readonly path: string;
  readonly problem: string;

  /** @param place file and line of the SQL, e.g. "feature_mapping.yaml line 12"; empty: not known */
  constructor(path: string, problem: string, place = "") {
    super(`mapping, ${path}${place && ` (${place})`}: ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}

/** The mapping is valid, but the data has no usable rows. */
export class NoRowsError extends Error {
  override readonly name = "NoRowsError" as const;
}

/** Reading exceeded a limit of the whole work: memory, disk space for buffers, or time. A retry has the same result. */
export class IngestLimitError extends Error {
  override readonly name = "IngestLimitError" as const;
  /** Variable that sets the limit, e.g. INGEST_MAX_MEMORY_BYTES. */
  readonly variable: string;
  readonly problem: string;
  /** Place in the mapping whose SQL exceeded the limit; empty when it is not known, or no SQL did. */
  readonly path: string;

  /** @param place file and line of the SQL, e.g. "feature_mapping.yaml line 12"; empty: not known */
  constructor(variable: string, problem: string, path = "", place = "") {
    super(path === "" ? problem : `mapping, ${path}${place && ` (${place})`}: ${problem}`);
    this.variable = variable;
    this.problem = problem;
    this.path = path;
  }
}

/** Returns an error of the mapping's SQL with the file and line of the SQL; any other error unchanged. */
export function withSqlPlace(error: unknown, sqlPlace: (path: string) => string): unknown {
  if (error instanceof MappingSqlError) return new MappingSqlError(error.path, error.problem, sqlPlace(error.path));
  if (error instanceof IngestLimitError && error.path !== "")
    return new IngestLimitError(error.variable, error.problem, error.path, sqlPlace(error.path));
  return error;
}

/** The process that reads the files ended from outside. A retry may succeed. */
export class IngestKilledError extends Error {
  override readonly name = "IngestKilledError" as const;
  readonly retryAfterMs = 5_000;

  /** @param how the signal or exit code with which the process ended */
  constructor(how: string) {
    super(
      `the process that reads the files was ended by ${how}, for example by the system when memory was short; nothing of it is used, and reading can start again`,
    );
  }
}
