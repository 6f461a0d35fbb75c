import { toCsv } from "./csv.ts";
import type { Demo, DemoTransaction } from "./demo-tables.ts";
import { weeklySnapshot } from "./weekly-snapshot.ts";

/** Columns of transactions.csv, the only table that may be empty. */
const TRANSACTION_COLUMNS = [
  "transaction_id",
  "supplier_id",
  "transaction_date",
  "payment_amount",
  "payment_delay_days",
  "on_time",
  "delivery_quality_score",
  "dispute",
] as const satisfies readonly (keyof DemoTransaction)[];

/**
 * Returns the demo's files by name, as CSV with a header.
 * @param snapshotWeek ISO week of the weekly file, such as
 * "2026-W47".
 * @param valuesOf ISO week whose values the weekly file has
 */
export function demoFiles(
  demo: Demo,
  seed: number,
  snapshotWeek: string,
  valuesOf = snapshotWeek,
): Readonly<Record<string, string>> {
  return {
    "suppliers.csv": toCsv(demo.suppliers),
    "transactions.csv": toCsv(demo.transactions, TRANSACTION_COLUMNS),
    "contracts.csv": toCsv(demo.contracts),
    "new_data_weekly.csv": toCsv(weeklySnapshot(demo, seed, snapshotWeek, valuesOf)),
  };
}

/** Returns the weekly file of a week, as CSV with a header. Each week has other values. */
export const weeklyFile = (demo: Demo, seed: number, snapshotWeek: string): string =>
  toCsv(weeklySnapshot(demo, seed, snapshotWeek));
