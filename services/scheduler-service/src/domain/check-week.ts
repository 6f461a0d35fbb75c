import type { RiskPolicy } from "@bellwether/config/risk-policy";
import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type Check, failedChecks } from "@bellwether/plausibility/check";
import { checkInput } from "@bellwether/plausibility/check-input";
import type { SharedSuppliers } from "@bellwether/plausibility/check-shared";
import type { LossCounts } from "@bellwether/plausibility/rejected-share";
import type { IngestRecord } from "./ingest-record.ts";
import type { InputComparison } from "./weekly-ports.ts";

/** Source name that the counts of an ingest use for rows that were rejected after the mapping. */
const MAPPED_ROWS = "rows";

/** Counts of an ingest for the comparison of losses, before any row is scored. */
export function lossCountsOf({ rows, rejected, sources }: IngestRecord, hasSourceTables: boolean): LossCounts {
  const sourceRowsRejected = rejected.count - (rejected.bySource[MAPPED_ROWS] ?? 0);
  const accepted = sources.reduce((sum, source) => sum + source.rows, 0);
  return {
    ...{ rowsRead: rows + rejected.count, rowsRejected: rejected.count, rowsRepeated: rejected.repeated },
    ...{ rowsInvalid: 0, suppliers: rows },
    // Rows of source tables are counted separately, because they are not rows of suppliers.
    sourceRows: hasSourceTables ? accepted + sourceRowsRejected : null,
    sourceRowsRejected: hasSourceTables ? sourceRowsRejected : 0,
  };
}

/** Checks the input of a started run against the earlier weeks, before a row is scored. */
export function checkWeek(
  ingested: IngestRecord,
  {
    run,
    previous,
    otherInputs,
    shared,
  }: InputComparison & { readonly run: Pick<BatchRun, "isoWeek">; readonly shared: SharedSuppliers | null },
  { checks, losses, drift }: Pick<RiskPolicy, "checks" | "losses" | "drift">,
  hasSourceTables: boolean,
): Check[] {
  const { sourceDigest, profile } = ingested;
  const content = { week: run.isoWeek, sourceDigest, contentDigest: profile?.contentDigest ?? "" };
  const counts = lossCountsOf(ingested, hasSourceTables);
  const input = {
    content,
    // Rows with dates are those of the week, also of a file that has other weeks.
    isDated: hasSourceTables || (ingested.newestAsOf ?? null) !== null,
    rows: counts.rowsRead,
    counts,
    columns: profile?.columns ?? [],
    missing: ingested.missing ?? [],
    newestDate: ingested.newestAsOf ?? null,
    shared,
  };
  // A feature that moves by construction is declared once, for drift and for these checks.
  const moving = Object.fromEntries(drift.moving.map((name) => [name, "moves by construction"]));
  const movingColumns = { ...moving, ...checks.movingColumns };
  return checkInput(input, { previous, others: otherInputs }, { losses, checks: { ...checks, movingColumns } });
}

/**
 * Whether failed checks hold the run: they do unless somebody accepted losses beforehand, or approved the held run for
 * each of them.
 * @param approved the checks that a person approved; empty when nobody did
 */
export function holdsRun(checks: readonly Check[], approved: readonly Check[], isAccepted: boolean): boolean {
  const keyOf = ({ kind, column }: Check): string => `${kind}/${column}`;
  const allowed = new Set(failedChecks(approved).map(keyOf));
  return !isAccepted && failedChecks(checks).some((check) => !allowed.has(keyOf(check)));
}
