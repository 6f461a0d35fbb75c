import type { SplitSpec } from "@bellwether/config/model-spec";
import type { Calibration } from "../bundle/feature-bundle.ts";
import type { CalibrationRows } from "../calibrate/choose-calibration.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { dayOf } from "./iso-day.ts";
import { supplierShare } from "./split-rows.ts";

/** Training data of a model version. It is enough to decide whether other rows are new to the version. */
export interface TrainingProvenance {
  /** SHA-256 of the mapped table, lower-case hex. */
  readonly dataSha256: string;
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** First and last as-of date of the training rows, ISO dates; null without time. */
  readonly period: readonly [string, string] | null;
  readonly split: {
    readonly by: SplitSpec["by"];
    readonly testShare: number;
    /** First day of the test period, ISO date; null when split by supplier. */
    readonly testFrom: string | null;
    /** Length of a training row's label window plus the purge gap, in days. */
    readonly windowDays: number;
    readonly seed: number;
  };
  readonly calibration: { readonly kind: Calibration["kind"]; readonly from: CalibrationRows; readonly rows: number };
}

/**
 * Counts the rows on the training side of a version's split. When the rows are those with which the version
 * was trained, its figures on the counted rows are no evidence about new rows.
 */
export function countTrainingSide({ split }: TrainingProvenance, table: FeatureTable, rows: Uint32Array): number {
  const { by, testShare, testFrom, windowDays, seed } = split;
  const { asOfDays, supplierIds } = table;
  if (by === "supplier") return rows.filter((row) => supplierShare(supplierIds[row], seed, "test") >= testShare).length;
  if (asOfDays === null || testFrom === null) return 0;
  const until = dayOf(testFrom) - windowDays;
  return rows.filter((row) => asOfDays[row] <= until).length;
}
