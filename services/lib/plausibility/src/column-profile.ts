/** What the values of a column look like. "empty": no row has a value. */
export type ColumnKind = "number" | "text" | "empty";

/** Figures of the values of a numeric column, without missing values. Quantiles are approximate (t-digest). */
export interface NumberFigures {
  readonly min: number;
  readonly p05: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

/** Number of different values up to which they are counted exactly. */
export const EXACT_DISTINCT = 32;

/** Summary of one column of a weekly input, after the mapping, over accepted and rejected rows. */
export interface ColumnProfile {
  /** Name of a feature, or `attributes.NAME`. */
  readonly column: string;
  /** Kind of the values, as found in the values: a category whose values are all numbers is "number". */
  readonly kind: ColumnKind;
  /** Number of rows. */
  readonly rows: number;
  /** Number of rows without a value. At most `rows`. */
  readonly missing: number;
  /** Number of different values: exact up to `EXACT_DISTINCT`, above it approximate (HyperLogLog, about 2 %). */
  readonly distinct: number;
  /** A frequent value as text, at most 64 characters: of a number the median. Empty: not recorded. */
  readonly topValue: string;
  /** Number of rows with that value. 0: not recorded, or in many rows, a share below 1 %. */
  readonly topRows: number;
  /** Null: the column is not numeric in the mapping, or it has no values. */
  readonly numbers: NumberFigures | null;
}

/** Share of the rows without a value, in [0, 1]. 0 when there are no rows. */
export function missingShare({ rows, missing }: Pick<ColumnProfile, "rows" | "missing">): number {
  return rows > 0 ? missing / rows : 0;
}

/** Share of the most frequent value among the values, in [0, 1]. 0 when there is none. */
export function topShare({ rows, missing, topRows }: Pick<ColumnProfile, "rows" | "missing" | "topRows">): number {
  return rows > missing ? Math.min(1, topRows / (rows - missing)) : 0;
}
