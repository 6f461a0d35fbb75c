/** Codes of a category feature that is encoded in one numeric column. */
export interface CategoryCodes {
  readonly values: readonly number[];
  /** The text of each code; null: the model's file holds no texts. */
  readonly labels: readonly string[] | null;
  /** Code of an unknown text; null: an unknown text counts as missing. */
  readonly other: number | null;
}
