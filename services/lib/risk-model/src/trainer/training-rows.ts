import type { MonotoneColumns } from "./leaf-bounds.ts";

/** Rows to train on: row-major float32 `[rows × columns]`, NaN = missing, and labels 0 or 1. */
export interface TrainingRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly labels: Uint8Array;
  /** What a positive row weighs in the loss, above 0; left out: 1. Covers count rows all the same. */
  readonly positiveWeight?: number;
  /** What a higher value of each column may do to the output; left out: anything. */
  readonly monotone?: MonotoneColumns;
}

/** Called after each tree. */
export type TreeProgress = (done: number, total: number) => void;
