import type { ColumnProfile, NumberFigures } from "@bellwether/plausibility/column-profile";

/** A column as an earlier release stored it: the figures of its numbers stand beside the others. */
type EarlierColumn = Omit<ColumnProfile, "kind" | "numbers"> & {
  readonly [Name in keyof NumberFigures]: number | null;
} & { readonly kind: ColumnProfile["kind"] | "unknown" };

/** A column of a stored profile. */
export type StoredColumn = ColumnProfile | EarlierColumn;

/** Returns a stored profile in the present form. */
export function readStoredProfile(columns: readonly StoredColumn[]): ColumnProfile[] {
  return columns.map((column) => ("numbers" in column ? column : ofEarlierRelease(column)));
}

function ofEarlierRelease({ column, kind, rows, missing, distinct, topValue, topRows, ...figures }: EarlierColumn) {
  return {
    ...{ column, kind: kind === "unknown" ? ("text" as const) : kind, rows, missing, distinct, topValue, topRows },
    numbers: numbersOf(figures),
  };
}

function numbersOf({ min, p05, p25, median, p75, p95, max, mean }: Pick<EarlierColumn, keyof NumberFigures>) {
  if (min === null || p05 === null || p25 === null || median === null) return null;
  if (p75 === null || p95 === null || max === null || mean === null) return null;
  return { min, p05, p25, median, p75, p95, max, mean };
}
