/** Codes of a category feature that is encoded in one numeric column. */
export interface CategoryCodes {
  readonly values: readonly number[];
  /** The text of each code; null: the model's file holds no texts. */
  readonly labels: readonly string[] | null;
  /** Code of an unknown text; null: an unknown text counts as missing. */
  readonly other: number | null;
}

/** Returns the code of each text. When several codes have the same text, the first one is used. */
export function codesByText(codes: CategoryCodes | undefined): ReadonlyMap<string, number> {
  const byText = new Map<string, number>();
  if (codes === undefined || codes.labels === null) return byText;
  for (const [at, label] of codes.labels.entries()) if (!byText.has(label)) byText.set(label, codes.values[at]);
  return byText;
}
