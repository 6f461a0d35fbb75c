import { bandFromNumber } from "@bellwether/contract/band-codes";
import { InputNotStoredError } from "../ops-error.ts";
import type { RunFeature } from "../scores/explain-score.ts";
import type { Run, ScoredBy } from "../scores/run.ts";
import { type ScoredSupplier, suppliedInput, termsOf } from "../scores/stored-input.ts";
import {
  type Comparison,
  type ComparisonBuilder,
  createComparison,
  findModelDifferences,
} from "./replay-comparison.ts";
import { findRejected, numberAt } from "./replay-decision.ts";
import { MAX_REPLAY_ROWS, NotReplayableError, type ReplayedScores, type ReplayScores } from "./replay-scores.ts";

/** One score of a chunk. */
export interface StoredRow {
  readonly supplierId: string;
  /** Row of the supplier in the columns of the chunk, from 0. */
  readonly pos: number;
  /** Null: the band is UNKNOWN. */
  readonly riskScore: number | null;
  readonly band: number;
}

/** What a run has stored of some consecutive suppliers. */
export interface StoredChunk {
  readonly chunk: number;
  readonly rows: readonly StoredRow[];
  /** Row-major, rows of the chunk × columnNames. */
  readonly contributions: Float32Array;
  /** Row-major, rows of the chunk × features. Null: not stored. */
  readonly values: Float32Array | null;
  /** Row-major, rows of the chunk × terms. Null: not stored. */
  readonly termWeights: Float32Array | null;
  /** Features of the model, in the order of `values`. Null: not stored. */
  readonly features: readonly RunFeature[] | null;
}

export interface ReplayRunDependencies {
  readonly replayScores: ReplayScores;
  /** Reads the first chunk after `chunk`. Null: there is none, or the retention has removed the scores of the run. */
  readonly readChunk: (runId: number, chunk: number) => Promise<StoredChunk | null>;
}

/** The replay of one chunk. */
export interface ReplayedChunk {
  readonly comparison: Comparison;
  /** The chunk that was computed. Null: there is no other one, or no other one can be computed either. */
  readonly chunk: number | null;
}

/** Computes the scores of the first chunk after `after` again, and compares every bit with the stored ones. */
export async function replayChunk(
  run: Pick<Run, "id" | "isoWeek" | "scoredBy">,
  after: number,
  { replayScores, readChunk }: ReplayRunDependencies,
): Promise<ReplayedChunk> {
  const comparison = createComparison();
  const { scoredBy } = run;
  const end = (replayedBy: Comparison["replayedBy"], chunk: number | null): ReplayedChunk => ({
    comparison: comparison.finish({ recordedBy: scoredBy && recordOf(scoredBy), replayedBy }),
    chunk,
  });
  const stored = await readChunk(run.id, after);
  if (scoredBy === null || stored === null) {
    comparison.find(
      "scores_expired",
      `The run of ${run.isoWeek} has no stored scores: the retention has removed them, or it had no rows.`,
    );
    return end(null, null);
  }
  const { known, suppliers } = inputsOf(run.isoWeek, scoredBy, stored, comparison);
  let replayedBy: Comparison["replayedBy"] = null;
  try {
    for (let first = 0; first < suppliers.length; first += MAX_REPLAY_ROWS) {
      const group = suppliers.slice(first, first + MAX_REPLAY_ROWS);
      const call = { modelName: scoredBy.name, modelVersion: scoredBy.version, suppliers: group, withFeatures: false };
      const scores = await replayScores(call);
      const isFirst = replayedBy === null;
      replayedBy = scores.model;
      if (isFirst && !findModelDifferences(recordOf(scoredBy), scores.model, comparison).isSameModel)
        return end(replayedBy, null);
      if (isFirst) compareBase(scoredBy, scores, comparison);
      compareRows(scoredBy, stored, known.slice(first, first + MAX_REPLAY_ROWS), scores, comparison);
    }
  } catch (error) {
    if (!(error instanceof NotReplayableError)) throw error;
    comparison.find(error.code, error.message);
    return end(replayedBy, null);
  }
  return end(replayedBy, stored.chunk);
}

const recordOf = ({ name, version, modelDigest, bundleDigest, configHash, runtime, kernel }: ScoredBy) => ({
  ...{ name, version, modelDigest, bundleDigest, configHash, runtime, kernel },
});

/** Returns the rows whose input is stored, with their input. A finding says what is not stored. */
function inputsOf(
  isoWeek: string,
  scoredBy: ScoredBy,
  { rows, values, termWeights, features }: StoredChunk,
  { find }: ComparisonBuilder,
): { readonly known: readonly StoredRow[]; readonly suppliers: readonly ScoredSupplier[] } {
  const terms = termsOf(scoredBy.columnNames, features ?? []);
  const sliceOf = (all: Float32Array | null, pos: number, width: number): Float32Array | null =>
    all === null ? null : all.subarray(pos * width, (pos + 1) * width);
  const known: StoredRow[] = [];
  const suppliers: ScoredSupplier[] = [];
  const missing = new Map<string, number>();
  for (const row of rows) {
    const { pos, riskScore } = row;
    const stored = { isoWeek, runId: 0, riskScore, scoredBy, features, terms };
    try {
      const slices = {
        values: sliceOf(values, pos, features?.length ?? 0),
        termWeights: sliceOf(termWeights, pos, terms.length),
      };
      suppliers.push(suppliedInput(row.supplierId, { ...stored, ...slices }));
      known.push(row);
    } catch (error) {
      if (!(error instanceof InputNotStoredError)) throw error;
      missing.set(error.what, (missing.get(error.what) ?? 0) + 1);
    }
  }
  for (const [what, count] of missing) {
    const code = what === VALUES ? "input_not_kept" : "text_not_kept";
    find(code, `The run of ${isoWeek} has not stored ${what} of ${count} of ${rows.length} suppliers of this chunk.`);
  }
  return { known, suppliers };
}

/** As `suppliedInput` calls the values in its error. */
const VALUES = "the values of the features";

function compareBase(
  { columnNames, baseValue }: ScoredBy,
  scores: ReplayedScores,
  comparison: ComparisonBuilder,
): void {
  if (columnNames.length > 0) comparison.float64("base_value", baseValue, scores.baseValue);
  else if (scores.columnNames.length > 0)
    comparison.find(
      "contributions_not_kept",
      "The run has stored no contributions, so only scores and bands are compared.",
    );
}

function compareRows(
  { columnNames }: ScoredBy,
  { contributions }: StoredChunk,
  rows: readonly StoredRow[],
  scores: ReplayedScores,
  comparison: ComparisonBuilder,
): void {
  const rejected = new Map(scores.rejected.map(({ row, message }) => [row, message]));
  const width = columnNames.length;
  for (const [row, { supplierId, pos, riskScore, band }] of rows.entries()) {
    const message = rejected.get(row);
    if (message !== undefined) {
      findRejected(message, comparison);
      continue;
    }
    comparison.begin(supplierId);
    comparison.float64("risk_score", riskScore, numberAt(scores.riskScores, row));
    comparison.text("band", bandFromNumber(band) ?? "", bandFromNumber(scores.bands[row] ?? 0) ?? "");
    // A score of too few features has no contributions; the run has stored zeros.
    if (riskScore === null) continue;
    for (let column = 0; column < width; column++) {
      const recorded = contributions[pos * width + column] ?? Number.NaN;
      const replayed = scores.contributions[row * width + column] ?? Number.NaN;
      // The name is built only for a difference: this runs for every column of every supplier.
      if (Object.is(recorded, replayed)) comparison.same();
      else comparison.float32(`contribution.${columnNames[column]}`, recorded, replayed);
    }
  }
}
