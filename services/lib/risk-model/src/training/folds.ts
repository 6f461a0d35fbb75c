import type { SplitSpec } from "@bellwether/config/model-spec";
import { createRandom } from "../random.ts";
import type { FeatureTable } from "../tables/feature-table.ts";

/** Rows that a model is trained on, and rows that it answers without having seen them. */
export interface Fold {
  readonly train: Uint32Array;
  readonly held: Uint32Array;
}

/** Folds of a cross-fit. */
const FOLDS = 5;

/** Five folds of whole suppliers; a supplier's fold depends on its id and the seed alone. Folds without held rows are left out. */
export function supplierFolds(table: FeatureTable, rows: Uint32Array, seed: number): Fold[] {
  const foldOf = (row: number): number =>
    Math.floor(createRandom(seed, `fold ${table.supplierIds[row] ?? ""}`).uniform() * FOLDS);
  const folds = Uint8Array.from(rows, foldOf);
  return Array.from({ length: FOLDS }, (_, fold) => ({
    train: rows.filter((_, i) => folds[i] !== fold),
    held: rows.filter((_, i) => folds[i] === fold),
  })).filter(({ train, held }) => train.length > 0 && held.length > 0);
}

/**
 * Four folds forward in time: the rows in order of their date make five blocks of about equal size, and each block but the first is
 * answered by a model of the rows whose label window and gap end before the block begins. None for a table without time.
 */
export function timeFolds(table: FeatureTable, rows: Uint32Array, split: SplitSpec): Fold[] {
  const { asOfDays } = table;
  if (asOfDays === null) return [];
  const dayOf = (row: number): number => asOfDays[row] as number;
  const days = Int32Array.from(rows, dayOf).sort();
  const starts = Array.from({ length: FOLDS }, (_, block) => days[Math.floor((block * days.length) / FOLDS)] as number);
  return starts
    .slice(1)
    .map((from, i) => {
      const until = starts[i + 2] ?? Number.POSITIVE_INFINITY;
      return {
        train: rows.filter((row) => dayOf(row) + split.horizonDays + split.gapDays <= from && dayOf(row) < from),
        held: rows.filter((row) => dayOf(row) >= from && dayOf(row) < until),
      };
    })
    .filter(({ train, held }) => train.length > 0 && held.length > 0);
}
