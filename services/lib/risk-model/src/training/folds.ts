import type { SplitSpec } from "@bellwether/config/model-spec";
import { createRandom } from "../random.ts";
import type { FeatureTable } from "../tables/feature-table.ts";

/** The training rows of one model, and the held-out rows that it scores. */
export interface Fold {
  readonly train: Uint32Array;
  readonly held: Uint32Array;
}

/** Number of folds of a cross-fit. */
const FOLDS = 5;

/**
 * Returns five folds of whole suppliers. A supplier's fold depends only on its id and the seed. Folds without
 * held-out rows are left out.
 */
export function supplierFolds(table: FeatureTable, rows: Uint32Array, seed: number): Fold[] {
  const foldOf = (row: number): number =>
    Math.floor(createRandom(seed, `fold ${table.supplierIds[row]}`).uniform() * FOLDS);
  const folds = Uint8Array.from(rows, foldOf);
  return Array.from({ length: FOLDS }, (_, fold) => ({
    train: rows.filter((_, i) => folds[i] !== fold),
    held: rows.filter((_, i) => folds[i] === fold),
  })).filter(({ train, held }) => train.length > 0 && held.length > 0);
}

/**
 * Returns four folds forward in time. The rows in the order of their date form five blocks of about equal
 * size. Each block except the first is scored by a model of the rows whose label window, plus the purge gap,
 * ends before the block begins. A table without time has no folds.
 */
export function timeFolds(table: FeatureTable, rows: Uint32Array, split: SplitSpec): Fold[] {
  const { asOfDays } = table;
  if (asOfDays === null) return [];
  const dayOf = (row: number): number => asOfDays[row];
  const days = Int32Array.from(rows, dayOf).sort();
  const starts = Array.from({ length: FOLDS }, (_, block) => days[Math.floor((block * days.length) / FOLDS)]);
  return starts
    .slice(1)
    .map((from, i) => {
      const until = i + 2 < starts.length ? starts[i + 2] : Number.POSITIVE_INFINITY;
      return {
        train: rows.filter((row) => dayOf(row) + split.horizonDays + split.gapDays <= from && dayOf(row) < from),
        held: rows.filter((row) => dayOf(row) >= from && dayOf(row) < until),
      };
    })
    .filter(({ train, held }) => train.length > 0 && held.length > 0);
}
