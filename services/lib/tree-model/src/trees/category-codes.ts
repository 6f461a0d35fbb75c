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

/**
 * Maps categories that are numbers to their codes. A data frame may have the categories 10, 20 and 30 with the
 * codes 0, 1 and 2. Its rows hold 10, 20 and 30, so a number that is sent is a category.
 * @returns Empty when the categories have no texts, or when one of the texts is not a number.
 */
export function codesByNumber(codes: CategoryCodes | undefined): ReadonlyMap<number, number> {
  const byText = codesByText(codes);
  const entries = [...byText].map(([label, code]) => [label.trim() === "" ? Number.NaN : Number(label), code] as const);
  return entries.every(([number]) => Number.isFinite(number)) ? new Map(entries) : new Map();
}
