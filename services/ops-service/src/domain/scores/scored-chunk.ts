import type { RunFeature } from "./explain-score.ts";
import type { ScoredBy } from "./run.ts";

/** One text per row, as an index into a dictionary. -1: not known. */
export interface LabelColumn {
  readonly dictionary: readonly string[];
  readonly codes: Int32Array;
}

/**
 * Checked scores of consecutive suppliers, in columns: every column has `supplierIds.length` rows. Undefined:
 * the column was not sent.
 */
export interface ScoredChunk {
  readonly chunk: number;
  readonly supplierIds: readonly string[];
  readonly names: readonly string[] | undefined;
  readonly regions: LabelColumn | undefined;
  readonly categories: LabelColumn | undefined;
  /** 0 or more. NaN: not known. */
  readonly exposures: Float64Array | undefined;
  /** Calibrated scores, in [0, 1]. NaN: the band is UNKNOWN, or the row is invalid. */
  readonly riskScores: Float64Array;
  /** A number of BAND_NUMBERS, or NO_BAND. */
  readonly bands: Uint8Array;
  /** float32 little-endian, row-major, rows × scoredBy.columnNames. */
  readonly contributions: Uint8Array;
  readonly scoredBy: ScoredBy;
  /**
   * The features of the model and their values: float32 little-endian, row-major, rows × features. Null: not
   * sent.
   */
  readonly given: { readonly features: readonly RunFeature[]; readonly values: Uint8Array } | null;
  /** Weights of the terms of the texts: float32 little-endian, row-major, rows × terms. Null: not sent. */
  readonly termWeights: Uint8Array | null;
}

/** The result of storing a chunk. */
export interface ChunkReceipt {
  /** True when the chunk was received before: nothing changed. */
  readonly duplicate: boolean;
  readonly rowsScored: number;
  readonly rowsInvalid: number;
}
