import type { Violation } from "../features/vector.ts";

/** Rows of the data that did not take part in training for one reason. */
export interface LeftOutRows {
  /** Feature or column; "" when it concerns the whole row. */
  readonly column: string;
  readonly reason: string;
  readonly rows: number;
  /** One of them, for example "S_00012: 1.0833"; "" when none is at hand. */
  readonly sample: string;
}

/** Groups the rows that a model's own rules refuse by feature and reason, most rows first. */
export function rejectedReasons(
  violations: readonly (Violation & { readonly row: number })[],
  supplierIds: readonly string[],
): LeftOutRows[] {
  const groups = new Map<string, LeftOutRows>();
  for (const { row, field, reason, message } of violations) {
    const column = field.slice(field.lastIndexOf(".") + 1);
    const key = JSON.stringify([column, reason]);
    const known = groups.get(key);
    const sample = known?.sample ?? `${supplierIds[row] ?? ""}: ${message}`;
    groups.set(key, { column, reason, rows: (known?.rows ?? 0) + 1, sample });
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows);
}
