/** Suppliers in columns, mapped from raw tables. The trainer and batch scoring read this form. */
export interface FeatureTable {
  readonly rows: number;
  /** Supplier id of each row. The same id may occur with another `asOf`. */
  readonly supplierIds: readonly string[];
  /**
   * Day on which the features of each row were known, in days since 1970-01-01; null when the data has no
   * time.
   */
  readonly asOfDays: Int32Array | null;
  /** Values of each numeric feature by its name, one per row, NaN = missing. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Values of each categorical feature by its name, one per row, null = missing. */
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  /** Contract texts, one per row, empty = no contract; null when the model uses no text. */
  readonly texts: readonly string[] | null;
  /** 1 = the risk came true, 0 = it did not; null when the rows have no labels (weekly scoring). */
  readonly labels: Uint8Array | null;
}
