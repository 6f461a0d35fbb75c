/** The table cannot train this model; the message says what is short and what to do. */
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

/** The table lacks a column that the model is made of. */
export class ColumnMissingError extends TrainingDataError {
  override readonly name = "ColumnMissingError" as const;
  readonly column: string;
  constructor(column: string) {
    super(`the mapped table has no column "${column}"; map it, or take it out of the model configuration`);
    this.column = column;
  }
}

/** A split by time over data without time. */
export class NoTimeError extends TrainingDataError {
  override readonly name = "NoTimeError" as const;
  constructor() {
    super(`split.by is "time", but the mapping has no as_of; map one, or use split.by: supplier`);
  }
}

/** A side of the split stays empty. */
export class NoRowsError extends TrainingDataError {
  override readonly name = "NoRowsError" as const;
  readonly side: "training" | "test";
  constructor(side: "training" | "test") {
    super(`no ${side} rows are left; change split in the model configuration or bring more data`);
    this.side = side;
  }
}

/** All rows of a side have the same label, so nothing can be learnt from them or said about them. */
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

/** Too few rows of a class to learn from. */
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
