import type { MonotoneColumns } from "./leaf-bounds.ts";

/** Rows to train on: row-major float32 `[rows × columns]`, NaN = missing, and labels 0 or 1. */
export interface TrainingRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly labels: Uint8Array;
  /** Weight of a positive row in the loss, above 0; unset: 1. Covers count rows without this weight. */
  readonly positiveWeight?: number;
  /** Allowed effect of a higher value of each column on the output; unset: any effect. */
  readonly monotone?: MonotoneColumns;
}

/** Called after each tree. */
export type TreeProgress = (done: number, total: number) => void;
