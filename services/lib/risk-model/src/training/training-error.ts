/** The table cannot train this model. The message states what is missing and what to do. */
export abstract class TrainingDataError extends Error {
  abstract override readonly name: string;
}

/** The table has no labels. */
export class NoLabelsError extends TrainingDataError {
  override readonly name = "NoLabelsError" as const;
  constructor(target: string) {
    super(`the mapped table has no label "${target}"; map one under label`);
  }
}

/** The table lacks a column that the model needs. */
export class ColumnMissingError extends TrainingDataError {
  override readonly name = "ColumnMissingError" as const;
  readonly column: string;
  constructor(column: string) {
    super(`the mapped table has no column "${column}"; map it, or take it out of the model configuration`);
    this.column = column;
  }
}

/** The split is by time, but the data has no time. */
export class NoTimeError extends TrainingDataError {
  override readonly name = "NoTimeError" as const;
  constructor() {
    super(`split.by is "time", but the mapping has no as_of; map one, or use split.by: supplier`);
  }
}

/** A side of the split has no rows. */
export class NoRowsError extends TrainingDataError {
  override readonly name = "NoRowsError" as const;
  readonly side: "training" | "test";
  constructor(side: "training" | "test") {
    super(`no ${side} rows are left; change split in the model configuration or bring more data`);
    this.side = side;
  }
}

/** All rows of a side have the same label, so they can neither train nor test a model. */
export class OneClassError extends TrainingDataError {
  override readonly name = "OneClassError" as const;
  readonly side: "training" | "test";
  constructor(side: "training" | "test", rows: number, label: string) {
    super(
      `all ${rows} ${side} rows are "${label}"; widen the label, change split in the model configuration or bring more data`,
    );
    this.side = side;
  }
}

/** A class has too few rows for training. */
export class TooFewRowsError extends TrainingDataError {
  override readonly name = "TooFewRowsError" as const;
  readonly found: number;
  readonly least: number;
  constructor(found: number, least: number, label: string, rows: number) {
    super(
      `${found} of ${rows} training rows are "${label}"; at least ${least} of each class are needed: bring more data or widen the label`,
    );
    this.found = found;
    this.least = least;
  }
}
