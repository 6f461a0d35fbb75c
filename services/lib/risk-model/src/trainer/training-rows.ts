/** Rows to train on: row-major float32 `[rows × columns]`, NaN = missing, and labels 0 or 1. */
export interface TrainingRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly labels: Uint8Array;
}

/** Called after each tree. */
export type TreeProgress = (done: number, total: number) => void;
