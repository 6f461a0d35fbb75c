/** Codes of a category that stands in one numeric column. */
export interface CategoryCodes {
  readonly values: readonly number[];
  /** A text for each code; null: the model's file has none. */
  readonly labels: readonly string[] | null;
  /** Code of a text that is not known; null: it counts as missing. */
  readonly other: number | null;
}
