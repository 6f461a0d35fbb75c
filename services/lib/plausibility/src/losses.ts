import type { LossLimits } from "@bellwether/config/risk-policy";
import { countText } from "@bellwether/reasons/count-text";
import { percent } from "./figures.ts";
import { hasTooManyRejected, type LossCounts, rejectedRows, share } from "./rejected-share.ts";

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

/** The complete week that a run is compared with. */
export interface PreviousWeek {
  readonly isoWeek: string;
  readonly suppliers: number;
}

/** Compares the counts of a run with the risk policy. */
export function measureLosses(counts: LossCounts, previous: PreviousWeek | null, limits: LossLimits): Losses {
  const { rowsRepeated, suppliers } = counts;
  const rejected = rejectedRows(counts);
  const exceeded: LossLimit[] = [];
  if (hasTooManyRejected(rejected, limits)) exceeded.push("rejected_rows");
  // Compares the quotient, not a product: 55 / 100 is exactly the limit 0.55, while 100 × 0.55 is more than
  // 55 in floating point.
  if (previous !== null && previous.suppliers > 0 && suppliers / previous.suppliers < limits.minSuppliersShare)
    exceeded.push("suppliers");
  return {
    rowsRejected: rejected.rows,
    rowsRepeated,
    rejectedShare: rejected.share,
    ...limits,
    suppliers,
    previousSuppliers: previous?.suppliers ?? null,
    previousWeek: previous?.isoWeek ?? "",
    exceeded,
  };
}

/** Describes one limit with the numbers of the run, as a clause. A share never rounds to its limit. */
export function describeLoss(limit: LossLimit, losses: Losses): string {
  if (limit === "rejected_rows") {
    const { rowsRejected, rowsRepeated, rejectedShare, maxRejectedShare, maxRejectedRows } = losses;
    const repeated =
      rowsRepeated === 0
        ? ""
        : `, without ${countText(rowsRepeated, "row that repeats", "rows that repeat")} an earlier row exactly`;
    return `${countText(rowsRejected, "row")} rejected, ${percent(rejectedShare, Math.ceil)} of the rows (limits: ${percent(maxRejectedShare)} and ${countText(maxRejectedRows, "row")})${repeated}`;
  }
  const { suppliers, previousSuppliers, previousWeek, minSuppliersShare } = losses;
  return `${countText(suppliers, "supplier")}, ${percent(share(suppliers, previousSuppliers ?? 0), Math.floor)} of the ${previousSuppliers} of ${previousWeek} (limit: ${percent(minSuppliersShare)})`;
}

/** Describes the limits that a run exceeds, with its numbers, as one sentence without a full stop. */
export function describeLosses(losses: Losses): string {
  return losses.exceeded.map((limit) => describeLoss(limit, losses)).join("; ");
}
