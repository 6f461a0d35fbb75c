/** A raw file is absent, unreadable, outside the data folder or not in the format that the mapping declares. */
export class SourceError extends Error {
  override readonly name = "SourceError" as const;
  readonly source: string;
  readonly file: string;

  constructor(source: string, file: string, problem: string) {
    super(`source "${source}", file "${file}": ${problem}`);
    this.source = source;
    this.file = file;
  }
}

/** SQL of the mapping is rejected, fails, runs too long or returns too many rows. */
export class MappingSqlError extends Error {
  override readonly name = "MappingSqlError" as const;
  /** Place in the mapping, e.g. `steps[1] (history)`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`mapping, ${path}: ${problem}`);
    this.path = path;
  }
}

/** The mapping is valid, but the data has no usable rows. */
export class NoRowsError extends Error {
  override readonly name = "NoRowsError" as const;
}
