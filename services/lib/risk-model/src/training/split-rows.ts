import type { SplitSpec } from "@bellwether/config/model-spec";
import { createRandom } from "../random.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { dayOf } from "./iso-day.ts";
import { NoRowsError, NoTimeError } from "./training-error.ts";

/** The rows of each side of a split. Purged rows are not used. */
export interface RowSplit {
  readonly train: Uint32Array;
  readonly calibration: Uint32Array;
  readonly test: Uint32Array;
  /** Rows before the test period whose label window reaches into it. */
  readonly purged: number;
  /** First day of the test period, days since 1970-01-01; null when split by supplier. */
  readonly testFromDay: number | null;
}

/**
 * Returns a share in [0, 1) for a supplier. It depends only on the id and the seed, so new suppliers do not
 * move others to another side.
 */
export const supplierShare = (id: string, seed: number, side: "test" | "calibration"): number =>
  createRandom(seed, `${side} ${id}`).uniform();

function firstTestDay(days: Int32Array, usable: Uint32Array, split: SplitSpec): number {
  if (split.testFrom !== null) return dayOf(split.testFrom);
  const sorted = Int32Array.from(usable, (row) => days[row]).sort();
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length * (1 - split.testShare))];
}

/**
 * Splits rows by time with a purge gap, or by supplier. A training row's label window (`horizonDays`) and the
 * purge gap must end before the test period starts (purging; López de Prado, Advances in Financial Machine
 * Learning, 2018, §7.4). Calibration rows are those of held-out suppliers within the training period; without
 * a calibration share there are none.
 * @param usable Rows that may be used at all.
 * @throws NoTimeError for a split by time over data without time; NoRowsError when a side is empty.
 */
export function splitRows(table: FeatureTable, usable: Uint32Array, split: SplitSpec, seed: number): RowSplit {
  const train: number[] = [];
  const calibration: number[] = [];
  const test: number[] = [];
  let purged = 0;
  let testFromDay: number | null = null;
  const held = (row: number): boolean =>
    split.calibrationShare !== null &&
    supplierShare(table.supplierIds[row], seed, "calibration") < split.calibrationShare;
  if (split.by === "time") {
    const days = table.asOfDays;
    if (days === null) throw new NoTimeError();
    testFromDay = firstTestDay(days, usable, split);
    for (const row of usable) {
      const day = days[row];
      if (day >= testFromDay) test.push(row);
      else if (day + split.horizonDays + split.gapDays > testFromDay) purged++;
      else (held(row) ? calibration : train).push(row);
    }
  } else {
    for (const row of usable) {
      if (supplierShare(table.supplierIds[row], seed, "test") < split.testShare) test.push(row);
      else (held(row) ? calibration : train).push(row);
    }
  }
  if (train.length === 0) throw new NoRowsError("training");
  if (test.length === 0) throw new NoRowsError("test");
  return {
    train: Uint32Array.from(train),
    calibration: Uint32Array.from(calibration),
    test: Uint32Array.from(test),
    purged,
    testFromDay,
  };
}
