/** Suppliers in columns, as mapped from raw tables: what the trainer and a batch read. */
export interface FeatureTable {
  readonly rows: number;
  /** Ids, one a row; the same id may come back at another `asOf`. */
  readonly supplierIds: readonly string[];
  /** Day the features were known, in days since 1970-01-01, one a row; null when the data has no time. */
  readonly asOfDays: Int32Array | null;
  /** Numeric features by name, one value a row, NaN = missing. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Categorical features by name, one value a row, null = missing. */
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  /** Contract texts, one a row, empty = none; null when the model has no text. */
  readonly texts: readonly string[] | null;
  /** 1 = the risk came true, 0 = it did not; null when rows carry no label (weekly scoring). */
  readonly labels: Uint8Array | null;
}
