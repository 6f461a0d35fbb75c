/** A supplier as a caller sends it. */
export interface SupplierInput {
  readonly features: Readonly<Record<string, number>>;
  /** A numeric feature may be sent here too, as text. */
  readonly categories: Readonly<Record<string, string>>;
  readonly text: string;
  /**
   * Weights of the terms, used instead of `text`. Terms that are not in the map have the weight 0. Unset or empty:
   * `text` is used.
   */
  readonly terms?: Readonly<Record<string, number>>;
}

/**
 * Many suppliers in columns. NaN and null mean missing; a feature without a column is missing for all
 * suppliers.
 */
export interface ColumnarInput {
  readonly rows: number;
  readonly numbers: ReadonlyMap<string, Float32Array | Float64Array>;
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  readonly texts: readonly string[] | null;
}
