import type { Violation } from "../features/vector.ts";

/**
 * Rows of the data that were left out before the split into training and test rows, for one reason: their
 * number, and an example.
 */
export interface LeftOutRows {
  /** Feature or column that the reason is about; "" when the reason is about the whole row. */
  readonly column: string;
  readonly reason: string;
  readonly rows: number;
  /** One of the rows, for example "S_00012: 1.0833"; "" when no example is known. */
  readonly sample: string;
}

/**
 * Counts the rows that the rules of the model's features reject, by feature and reason, largest count first.
 */
export function rejectedReasons(
  violations: readonly (Violation & { readonly row: number })[],
  supplierIds: readonly string[],
): LeftOutRows[] {
  const groups = new Map<string, LeftOutRows>();
  for (const { row, field, reason, message } of violations) {
    const column = field.slice(field.lastIndexOf(".") + 1);
    const key = JSON.stringify([column, reason]);
    const known = groups.get(key);
    const sample = known?.sample ?? `${supplierIds[row]}: ${message}`;
    groups.set(key, { column, reason, rows: (known?.rows ?? 0) + 1, sample });
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows);
}
