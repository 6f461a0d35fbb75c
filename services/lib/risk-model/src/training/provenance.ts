import type { SplitSpec } from "@bellwether/config/model-spec";
import type { Calibration } from "../bundle/feature-bundle.ts";
import type { CalibrationRows } from "../calibrate/choose-calibration.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { dayOf } from "./iso-day.ts";
import { supplierShare } from "./split-rows.ts";

/** What a version learnt from: enough to tell whether other rows are new to it. */
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
    /** Days that a training row's label window and the gap take. */
    readonly windowDays: number;
    readonly seed: number;
  };
  readonly calibration: { readonly kind: Calibration["kind"]; readonly from: CalibrationRows; readonly rows: number };
}

/**
 * Counts rows that stand on the training side of a version's split. When they are of the data that it was trained on, it has learnt from
 * them, and figures on them say nothing about new rows.
 */
export function countTrainingSide({ split }: TrainingProvenance, table: FeatureTable, rows: Uint32Array): number {
  const { by, testShare, testFrom, windowDays, seed } = split;
  const { asOfDays, supplierIds } = table;
  if (by === "supplier")
    return rows.filter((row) => supplierShare(supplierIds[row] ?? "", seed, "test") >= testShare).length;
  if (asOfDays === null || testFrom === null) return 0;
  const until = dayOf(testFrom) - windowDays;
  return rows.filter((row) => (asOfDays[row] as number) <= until).length;
}
