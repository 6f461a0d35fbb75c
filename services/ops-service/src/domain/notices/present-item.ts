import type { Alert } from "../alerts/alert.ts";
import type { NoticeItem } from "./notice.ts";

/** An alert as it is when its item is due. */
export interface PresentAlert extends Pick<Alert, "state" | "severity" | "owner"> {
  readonly supplierName: string;
  /** Owner of the supplier by master data. Empty: nobody. */
  readonly supplierOwner: string;
}

/** Why an item has nothing to say any more. */
export type LeftOutReason = "resolved" | "assignment" | "taken";

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  resolved: "its alerts are resolved",
  assignment: "the assignment was undone or changed",
  taken: "somebody has taken the alert",
};

/** Returns why a notice was left out, in one line. */
export function leftOutText(reasons: readonly LeftOutReason[]): string {
  return `left out: ${[...new Set(reasons)].map((reason) => REASONS[reason]).join("; ")}`;
}

/**
 * Returns an item with the owner and the name of now, and without alerts that are resolved, that were given to another
 * owner than the one whom the item notifies of the assignment, or that somebody has taken. Alerts that are not known stay as they
 * are. Left out when no alert remains.
 */
export function presentItem(
  item: NoticeItem,
  alerts: ReadonlyMap<string, PresentAlert>,
): { readonly item: NoticeItem } | { readonly leftOut: LeftOutReason } {
  const overBy = item.alertIds.map((id) => whyOver(item, alerts.get(id)));
  const alertIds = item.alertIds.filter((_, i) => overBy[i] === undefined);
  if (alertIds.length === 0) return { leftOut: overBy[0] ?? "resolved" };
  const known = alertIds.flatMap((id) => alerts.get(id) ?? []);
  const [first] = known;
  if (!first) return { item };
  const owner = known.find((alert) => alert.owner !== "")?.owner ?? first.supplierOwner;
  const isCritical = known.some(({ severity }) => severity === "critical");
  const severity = alertIds.length === item.alertIds.length || isCritical ? item.severity : "warning";
  return { item: { ...item, alertIds, severity, owner, supplierName: first.supplierName } };
}

function whyOver({ cause, owner }: NoticeItem, alert: PresentAlert | undefined): LeftOutReason | undefined {
  if (!alert) return undefined;
  if (alert.state === "resolved") return "resolved";
  if (cause === "assigned" && alert.owner !== owner) return "assignment";
  return cause === "not_taken" && alert.state !== "open" ? "taken" : undefined;
}
