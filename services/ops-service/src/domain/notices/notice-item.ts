import { shortReasonText, wasText } from "@bellwether/reasons/reason-text";
import { exposureIn, type ImpactFormula } from "../scores/expected-impact.ts";
import type { ExplainedReason } from "../scores/explain-score.ts";
import type { NoticeItem } from "./notice.ts";
import type { NoticeEvent } from "./notice-event.ts";
import { ownerOf, type RoutedSupplier } from "./route-notice.ts";

/** The supplier of an event. */
export interface NoticeSupplier extends RoutedSupplier {
  readonly externalId: string;
  /** Empty: not known. */
  readonly name: string;
  /** Null: not known. */
  readonly exposure: number | null;
  /** ISO 4217. Empty: the currency of the formula. */
  readonly exposureCurrency: string;
}

/** The run of an event. */
export interface NoticeRun {
  readonly isoWeek: string;
  readonly modelName: string;
  /** Null: a run of an earlier release. */
  readonly formula: ImpactFormula | null;
}

/** Longest text of a reason; names of features and categories can be long. */
const MAX_REASON = 200;

/**
 * Returns what a notice says about an event.
 * @param publicUrl URL of the page, with a slash at the end. Null: not known.
 */
export function createNoticeItem(
  event: NoticeEvent,
  supplier: NoticeSupplier,
  run: NoticeRun,
  { reasons, publicUrl }: { readonly reasons: readonly ExplainedReason[]; readonly publicUrl: string | null },
): NoticeItem {
  const { formula } = run;
  const exposure = formula && exposureIn(formula, supplier.exposure, supplier.exposureCurrency);
  return {
    ...{ supplierId: supplier.externalId, supplierName: supplier.name, alertIds: event.alertIds },
    ...{ severity: event.severity, cause: event.cause, actor: event.actor, owner: ownerOf(event, supplier) },
    ...{ isoWeek: run.isoWeek, modelName: run.modelName, score: event.score, previousScore: event.previousScore },
    ...(event.note !== undefined && { note: event.note }),
    ...(event.scoreChangeParts && { scoreChangeParts: event.scoreChangeParts }),
    expectedLoss: exposure === null ? null : event.impact,
    currency: formula?.currency ?? "",
    reasons: reasons.map(reasonLine),
    url: publicUrl === null ? null : `${publicUrl}#/suppliers/${encodeURIComponent(supplier.externalId)}`,
  };
}

/** Returns the page that lists the alerts. */
export function alertsPage(publicUrl: string | null): string | null {
  return publicUrl === null ? null : `${publicUrl}#/alerts`;
}

/** Returns a reason as a few words, with the value of the week before when it was another. */
function reasonLine(reason: ExplainedReason): string {
  const line = `${shortReasonText(reason)}${wasText(reason.value, reason.previous?.value)}`.slice(0, MAX_REASON);
  // PostgreSQL rejects JSON with half of a surrogate pair. It would then reject this item and all items that are stored
  // with it.
  return line.replace(/[\uD800-\uDBFF]$/, "");
}
