import type { RiskPolicy } from "@bellwether/config/risk-policy";

/** A limit of the risk policy that a run exceeds. */
export type LossLimit = "rejected_rows" | "suppliers";

/** A person's decision against a limit. */
export interface Override {
  /** Why, 1 to 2,000 bytes. */
  readonly reason: string;
  /** Who decided, 1 to 256 bytes. */
  readonly actor: string;
}

/** What a run lost between its source and its scores, beside the limits of the policy. */
export interface RunLosses {
  /** Of all stages together; rows that repeat an earlier row exactly are not counted. */
  readonly rowsRejected: number;
  readonly rowsRepeated: number;
  /** In [0, 1]. */
  readonly rejectedShare: number;
  readonly maxRejectedShare: number;
  readonly maxRejectedRows: number;
  readonly suppliers: number;
  /** Null: there is no complete earlier week of the model. */
  readonly previousSuppliers: number | null;
  /** Empty: as above. */
  readonly previousWeek: string;
  readonly minSuppliersShare: number;
  readonly exceeded: readonly LossLimit[];
  /** Who accepted what is exceeded; null: nobody, or nothing is. */
  readonly accepted: Override | null;
}

/** Counts of a run at its end. */
export interface LossCounts {
  readonly rowsRead: number;
  /** Rejected when reading and mapping. */
  readonly rowsRejected: number;
  /** Of these, rows that repeat an earlier row exactly. */
  readonly rowsRepeated: number;
  /** Rejected when scored, or a supplier's second row. */
  readonly rowsInvalid: number;
  /** Rows with a score. */
  readonly suppliers: number;
  /** Rows of the source files, good and rejected, where a mapping makes suppliers of several tables; null: each row read is a supplier's. */
  readonly sourceRows: number | null;
  /** Of `rowsRejected`, those of the source files; of no meaning without `sourceRows`. */
  readonly sourceRowsRejected: number;
}

/** The complete week that a run is compared with. */
export interface PreviousWeek {
  readonly isoWeek: string;
  readonly suppliers: number;
}

/** Holds a run's counts against the policy. */
export function measureLosses(
  counts: LossCounts,
  previous: PreviousWeek | null,
  { losses: limits }: RiskPolicy,
  accepted: Override | null,
): RunLosses {
  const { rowsRejected, rowsRepeated, rowsInvalid, suppliers } = counts;
  const rejected = rowsRejected - rowsRepeated + rowsInvalid;
  const rejectedShare = shareOf(counts, rejected);
  const exceeded: LossLimit[] = [];
  if (rejectedShare > limits.maxRejectedShare && rejected > limits.maxRejectedRows) exceeded.push("rejected_rows");
  // A quotient is rounded as the limit was read: 55 of 100 is 0.55, while 100 × 0.55 is more than 55.
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
    accepted: exceeded.length > 0 ? accepted : null,
  };
}

/** Source rows and mapped rows are of different kinds: a tenth of the suppliers may be a thousandth of the transactions. */
function shareOf({ rowsRead, sourceRows, sourceRowsRejected }: LossCounts, rejected: number): number {
  if (sourceRows === null) return share(rejected, rowsRead);
  const mapped = share(rejected - sourceRowsRejected, rowsRead - sourceRowsRejected);
  return Math.min(1, share(sourceRowsRejected, sourceRows) + mapped);
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

const percent = (of: number, round: (value: number) => number = Math.round): string =>
  `${round(Number((of * 10_000).toFixed(6))) / 100} %`;

/** The limits that a run exceeds, with its figures, as one sentence without its end. */
export function describeLosses(losses: RunLosses): string {
  const parts = losses.exceeded.map((limit) =>
    limit === "rejected_rows"
      ? `${losses.rowsRejected} rows rejected, ${percent(losses.rejectedShare, Math.ceil)} of the rows (limits: ${percent(losses.maxRejectedShare)} and ${losses.maxRejectedRows} rows)`
      : `${losses.suppliers} suppliers, ${percent(share(losses.suppliers, losses.previousSuppliers ?? 0), Math.floor)} of the ${losses.previousSuppliers} of ${losses.previousWeek} (limit: ${percent(losses.minSuppliersShare)})`,
  );
  return parts.join("; ");
}
