import type { Violation } from "../features/vector.ts";

/** Rows of the data that did not take part in training, grouped by reason. */
export interface LeftOutRows {
  /** Feature or column; "" when the reason is about the whole row. */
  readonly column: string;
  readonly reason: string;
  readonly rows: number;
  /** One of the rows, for example "S_00012: 1.0833"; "" when no example is known. */
  readonly sample: string;
}

/** Groups the rows that the model's own rules reject by feature and reason, largest group first. */
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
