import type { CategoryCodes } from "../../trees/category-codes.ts";

/** A raw column of the imported model, described for the person who fills it. */
export interface BaseColumn {
  /** Name of the graph input that contains the column. */
  readonly input: string;
  /** Display name: the name of the input if the input has one column, otherwise `f0`, `f1`, … */
  readonly name: string;
  /**
   * Category of an indicator column, which is 1 when the text input holds this category, else 0. Null on
   * other columns.
   */
  readonly category: string | null;
  /** Category codes of the column. Unset on a column without codes. */
  readonly codes?: CategoryCodes;
}

/**
 * A column of the tensor that the trees read, as a function of one raw column. Scalers, casts and imputers
 * work column by column and are monotone: they keep the order of values or reverse it. So a comparison of the
 * computed column is a comparison of the raw column with another threshold.
 */
export interface InputColumn {
  /** Index of the raw column. */
  readonly base: number;
  /** Monotone function of a float32 value, also defined for NaN. Null: the column is the raw column. */
  readonly map: ((x: number) => number) | null;
  /** Whether `map` is increasing. */
  readonly rising: boolean;
}

/**
 * Returns the column after one more operator.
 * @param rising Whether `step` is increasing.
 */
export function mapColumn(column: InputColumn, step: (x: number) => number, rising: boolean): InputColumn {
  const before = column.map;
  const map = before === null ? step : (x: number) => step(before(x));
  return { base: column.base, map, rising: column.rising === rising };
}

/** Returns `count` raw columns that no operator has changed. */
export function rawColumns(count: number): InputColumn[] {
  return Array.from({ length: count }, (_, base) => ({ base, map: null, rising: true }));
}
