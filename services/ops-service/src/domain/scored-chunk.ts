import type { RunFeature } from "./explain-score.ts";
import type { ScoredBy } from "./run.ts";

/** One text per row, by number into a dictionary; -1 = not known. */
export interface LabelColumn {
  readonly dictionary: readonly string[];
  readonly codes: Int32Array;
}

/** Scores of consecutive suppliers in columns, checked: every column has `supplierIds.length` rows. Undefined columns were not sent. */
export interface ScoredChunk {
  readonly chunk: number;
  readonly supplierIds: readonly string[];
  readonly names: readonly string[] | undefined;
  readonly regions: LabelColumn | undefined;
  readonly categories: LabelColumn | undefined;
  /** At least 0; NaN = not known. */
  readonly exposures: Float64Array | undefined;
  /** In [0, 1]; NaN where the band is UNKNOWN or the row has a fault. */
  readonly riskScores: Float64Array;
  /** BAND_NUMBERS of the contract, or NO_BAND. */
  readonly bands: Uint8Array;
  /** float32 little-endian, row-major, rows × scoredBy.columnNames. */
  readonly contributions: Uint8Array;
  readonly scoredBy: ScoredBy;
  /** The model's features and their values, float32 little-endian, row-major, rows × features; null: not sent. */
  readonly given: { readonly features: readonly RunFeature[]; readonly values: Uint8Array } | null;
}

/** What became of a chunk. */
export interface ChunkReceipt {
  /** Received before: nothing changed. */
  readonly duplicate: boolean;
  readonly rowsScored: number;
  readonly rowsInvalid: number;
}

/** What is expected to be at stake: score × exposure, with exposure 1 where it is not known; -1 without a score. */
export function impactOf(riskScore: number, exposure: number | null): number {
  return Number.isNaN(riskScore) ? -1 : riskScore * (exposure ?? 1);
}
