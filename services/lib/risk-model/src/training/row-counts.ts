import type { FeatureTable } from "../tables/feature-table.ts";
import { countPositives } from "./check-classes.ts";
import { isoDay } from "./iso-day.ts";

/** Numbers of rows by use. */
export interface RowCounts {
  readonly train: number;
  readonly calibration: number;
  readonly test: number;
  /** Rows whose label window reaches into the test period. */
  readonly purged: number;
  /** Rows that the features' own rules reject, for example because a value is out of range. */
  readonly invalid: number;
  /** Rows with too few known features for a score. They are used neither in training nor in the test. */
  readonly tooFew: number;
  /** First day of the test period, ISO date; null when split by supplier. */
  readonly testFrom: string | null;
}

/** Figures about the rows of one side of a split. */
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
  if (asOfDays !== null)
    for (const row of rows) {
      first = Math.min(first, asOfDays[row]);
      last = Math.max(last, asOfDays[row]);
    }
  return {
    rows: rows.length,
    positives: countPositives(Uint8Array.from(rows, (row) => labels[row])),
    suppliers: new Set(Array.from(rows, (row) => supplierIds[row])).size,
    period: first <= last ? [isoDay(first), isoDay(last)] : null,
  };
}
