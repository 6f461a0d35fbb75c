import type { RowSplit } from "./split-rows.ts";

/** Use of a row of the table, or the reason why it was not used. */
export type RowUse = "training" | "calibration" | "test" | "purged" | "refused" | "too few features";

/** Returns the use of each row of a table, in the order of the table. */
export function rowUses(
  rows: number,
  rejected: ReadonlySet<number>,
  split: RowSplit,
  withScore: (rows: Uint32Array) => Uint32Array,
): RowUse[] {
  const uses: RowUse[] = Array.from({ length: rows }, (_, row) => (rejected.has(row) ? "refused" : "purged"));
  const sides = { training: split.train, calibration: split.calibration, test: split.test } as const;
  for (const [use, chosen] of Object.entries(sides) as [keyof typeof sides, Uint32Array][]) {
    for (const row of chosen) uses[row] = "too few features";
    for (const row of withScore(chosen)) uses[row] = use;
  }
  return uses;
}
