import type { LossLimits } from "@bellwether/config/risk-policy";
import { countText } from "@bellwether/reasons/count-text";
import { percent } from "./figures.ts";

/** A limit of the risk policy that a run exceeds. */
export type LossLimit = "rejected_rows" | "suppliers";

/** What a run lost between its source files and its scores, with the limits of the risk policy. */
export interface Losses {
  /** Rejected rows, without rows that repeat an earlier row exactly. */
  readonly rowsRejected: number;
  readonly rowsRepeated: number;
  /** Share of the rows that were rejected, in [0, 1]. */
  readonly rejectedShare: number;
  readonly maxRejectedShare: number;
  readonly maxRejectedRows: number;
  readonly suppliers: number;
  /** Number of suppliers in the newest complete earlier week of the model. Null: there is none. */
  readonly previousSuppliers: number | null;
  /** ISO week of `previousSuppliers`. Empty: there is no complete earlier week of the model. */
  readonly previousWeek: string;
  readonly minSuppliersShare: number;
  readonly exceeded: readonly LossLimit[];
}

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

/** The complete week that a run is compared with. */
export interface PreviousWeek {
  readonly isoWeek: string;
  readonly suppliers: number;
}

/** Compares the counts of a run with the risk policy. */
export function measureLosses(counts: LossCounts, previous: PreviousWeek | null, limits: LossLimits): Losses {
  const { rowsRejected, rowsRepeated, rowsInvalid, suppliers } = counts;
  const rejected = rowsRejected - rowsRepeated + rowsInvalid;
  const rejectedShare = shareOf(counts, rejected);
  const exceeded: LossLimit[] = [];
  if (rejectedShare > limits.maxRejectedShare && rejected > limits.maxRejectedRows) exceeded.push("rejected_rows");
  // Compares the quotient, not a product: 55 / 100 is exactly the limit 0.55, while 100 × 0.55 is more than
  // 55 in floating point.
  if (previous !== null && previous.suppliers > 0 && suppliers / previous.suppliers < limits.minSuppliersShare)
    exceeded.push("suppliers");
  return {
    rowsRejected: rejected,
    rowsRepeated,
    rejectedShare,
    ...limits,
    suppliers,
    previousSuppliers: previous?.suppliers ?? null,
    previousWeek: previous?.isoWeek ?? "",
    exceeded,
  };
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

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** Describes one limit with the numbers of the run, as a clause. A share never rounds to its limit. */
export function describeLoss(limit: LossLimit, losses: Losses): string {
  if (limit === "rejected_rows") {
    const { rowsRejected, rejectedShare, maxRejectedShare, maxRejectedRows } = losses;
    return `${countText(rowsRejected, "row")} rejected, ${percent(rejectedShare, Math.ceil)} of the rows (limits: ${percent(maxRejectedShare)} and ${countText(maxRejectedRows, "row")})`;
  }
  const { suppliers, previousSuppliers, previousWeek, minSuppliersShare } = losses;
  return `${countText(suppliers, "supplier")}, ${percent(share(suppliers, previousSuppliers ?? 0), Math.floor)} of the ${previousSuppliers} of ${previousWeek} (limit: ${percent(minSuppliersShare)})`;
}

/** Describes the limits that a run exceeds, with its numbers, as one sentence without a full stop. */
export function describeLosses(losses: Losses): string {
  return losses.exceeded.map((limit) => describeLoss(limit, losses)).join("; ");
}
