import type { CategoryCodes } from "../../trees/category-codes.ts";

/** What a raw column of the imported model is to the person who fills it. */
export interface BaseColumn {
  /** Graph input it is a column of. */
  readonly input: string;
  /** Name for people: the input's when it has one column, else `f0`, `f1`, … */
  readonly name: string;
  /** Set on an indicator column: 1 when the text input holds this category, else 0. */
  readonly category: string | null;
  /** Set on a column of category codes whose categories the file names. */
  readonly codes?: CategoryCodes;
}

/**
 * A column of the tensor that reaches the trees, as a function of one raw column.
 * Scalers, casts and imputers work column by column and never change the order of values (or turn it around), so a comparison
 * of the computed column is a comparison of the raw one, with another threshold.
 */
export interface InputColumn {
  /** Raw column. */
  readonly base: number;
  /** Null: the raw value itself. Else a monotone function of a float32 value that also says what NaN becomes. */
  readonly map: ((x: number) => number) | null;
  /** Whether `map` rises with its argument. */
  readonly rising: boolean;
}

/** The column after one more step. */
export function mapColumn(column: InputColumn, step: (x: number) => number, rising: boolean): InputColumn {
  const before = column.map;
  const map = before === null ? step : (x: number) => step(before(x));
  return { base: column.base, map, rising: column.rising === rising };
}

/** Raw columns, untouched. */
export function rawColumns(count: number): InputColumn[] {
  return Array.from({ length: count }, (_, base) => ({ base, map: null, rising: true }));
}
