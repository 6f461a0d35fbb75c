import type { LossLimits } from "@bellwether/config/risk-policy";

/** The counts of a run. */
export interface LossCounts {
  readonly rowsRead: number;
  /** Rows that were rejected when they were read and mapped. */
  readonly rowsRejected: number;
  /** Number of rows in `rowsRejected` that repeat an earlier row exactly. */
  readonly rowsRepeated: number;
  /** Rows that could not be scored, or are a second row of the same supplier. 0 before the scoring. */
  readonly rowsInvalid: number;
  /** Rows with a score; before the scoring: accepted rows. */
  readonly suppliers: number;
  /**
   * Rows of the source files, accepted and rejected, when a mapping combines several tables into suppliers.
   * Null: each row of the weekly file is one supplier.
   */
  readonly sourceRows: number | null;
  /** Number of rows in `rowsRejected` that are rows of the source files. Used only with `sourceRows`. */
  readonly sourceRowsRejected: number;
}

/** The rejected rows of a run, without rows that repeat an earlier row exactly. */
export interface RejectedRows {
  readonly rows: number;
  /** Share of the rows, in [0, 1]. */
  readonly share: number;
}

/** Counts the rejected rows of a run. */
export function rejectedRows(counts: LossCounts): RejectedRows {
  const { rowsRejected, rowsRepeated, rowsInvalid } = counts;
  const rows = rowsRejected - rowsRepeated + rowsInvalid;
  return { rows, share: shareOf(counts, rows) };
}

/** Whether a run fails because of its rejected rows: it has more than a few of them, and a greater share than the limit. */
export function hasTooManyRejected(
  rejected: RejectedRows,
  { maxRejectedShare, maxRejectedRows }: Pick<LossLimits, "maxRejectedShare" | "maxRejectedRows">,
): boolean {
  return rejected.share > maxRejectedShare && rejected.rows > maxRejectedRows;
}

/**
 * The share of source rows and the share of mapped rows are computed separately: a tenth of the suppliers can
 * be a thousandth of the source rows.
 */
function shareOf({ rowsRead, sourceRows, sourceRowsRejected }: LossCounts, rejected: number): number {
  if (sourceRows === null) return share(rejected, rowsRead);
  const mapped = share(rejected - sourceRowsRejected, rowsRead - sourceRowsRejected);
  return Math.min(1, share(sourceRowsRejected, sourceRows) + mapped);
}

/** Returns a part as a share; 0 of nothing. */
export const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
