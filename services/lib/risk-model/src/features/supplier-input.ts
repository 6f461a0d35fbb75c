/** A supplier as a caller sends it. */
export interface SupplierInput {
  readonly features: Readonly<Record<string, number>>;
  /** A numeric feature may stand here too, as text. */
  readonly categories: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Many suppliers in columns; NaN and null are missing, names not given are missing for all. */
export interface ColumnarInput {
  readonly rows: number;
  readonly numbers: ReadonlyMap<string, Float32Array | Float64Array>;
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  readonly texts: readonly string[] | null;
}
