import type { FeatureTable } from "../tables/feature-table.ts";
import { countPositives } from "./check-classes.ts";
import { isoDay } from "./iso-day.ts";

/** How the rows were used. */
export interface RowCounts {
  readonly train: number;
  readonly calibration: number;
  readonly test: number;
  /** Label window reaches into the test period. */
  readonly purged: number;
  /** Refused by the features' own rules, for example out of range. */
  readonly invalid: number;
  /** Too few known features for a score, so neither learnt from nor judged by. */
  readonly tooFew: number;
  /** First day of the test period, ISO date; null when split by supplier. */
  readonly testFrom: string | null;
}

/** The rows of one side of a split, in numbers. */
export interface RowsSummary {
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** First and last as-of day, ISO dates; null without time or rows. */
  readonly period: readonly [string, string] | null;
}

/** Summarises the chosen rows of a labelled table. */
export function summariseRows(table: FeatureTable, labels: Uint8Array, rows: Uint32Array): RowsSummary {
  const { asOfDays, supplierIds } = table;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const row of asOfDays === null ? [] : rows) {
    first = Math.min(first, asOfDays?.[row] ?? first);
    last = Math.max(last, asOfDays?.[row] ?? last);
  }
  return {
    rows: rows.length,
    positives: countPositives(Uint8Array.from(rows, (row) => labels[row] as number)),
    suppliers: new Set(Array.from(rows, (row) => supplierIds[row])).size,
    period: first <= last ? [isoDay(first), isoDay(last)] : null,
  };
}
