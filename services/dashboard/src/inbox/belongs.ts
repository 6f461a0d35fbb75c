import {
  type Alert,
  AlertSeverity,
  AlertState,
  AlertTrend,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOwnership, AlertTab, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { InboxView } from "../routing/inbox-view.ts";

/** Dispositions that only the service sets: such an alert was not decided by a person. */
const BY_SERVICE = new Set<Disposition>([
  Disposition.CLEARED,
  Disposition.LAPSED,
  Disposition.REPLACED,
  Disposition.VOID,
]);

/**
 * Whether an alert belongs to a view, as the server decides it. A row whose alert no longer belongs keeps its
 * space until the list is loaded again.
 * @param reader the subject of the reader. Empty: not known, so that nobody's alerts count as the reader's
 * @param deputyFor owners whose deputy the reader is: their alerts are with those of the reader
 */
export function belongsTo(view: InboxView, alert: Alert, reader: string, deputyFor: readonly string[]): boolean {
  // What changed in a week stays changed: only the server knows which alerts these are.
  if (view.weekChange !== WeekChange.UNSPECIFIED) return true;
  const isMine = reader !== "" && [reader, ...deputyFor].includes(alert.owner);
  const { severity, trend, owner, region, category, ruleId, isoWeek, modelName, text, ownership } = view;
  return (
    isInTab(view, alert, isMine) &&
    (severity === AlertSeverity.UNSPECIFIED || alert.severity === severity) &&
    (trend === AlertTrend.UNSPECIFIED || alert.trend === trend) &&
    (ownership !== AlertOwnership.MINE || isMine) &&
    (ownership !== AlertOwnership.NOBODY || alert.owner === "") &&
    (owner === "" || alert.owner === owner) &&
    (region === "" || alert.region === region) &&
    (category === "" || alert.category === category) &&
    (ruleId === "" || alert.ruleId === ruleId) &&
    (isoWeek === "" || alert.lastWeek === isoWeek) &&
    (modelName === "" || alert.modelName === modelName) &&
    (text === "" || contains(alert.supplierName, text) || contains(alert.supplierId, text))
  );
}

function isInTab({ tab, states }: InboxView, alert: Alert, isMine: boolean): boolean {
  if (states.length > 0) return states.includes(alert.state);
  const isActive = alert.state !== AlertState.RESOLVED;
  const isAwake = isActive && alert.snooze === undefined;
  switch (tab) {
    case AlertTab.MINE:
      return isAwake && isMine;
    case AlertTab.NEW:
      return isAwake && alert.trend === AlertTrend.NEW;
    case AlertTab.WORSE:
      return isAwake && alert.trend === AlertTrend.WORSE;
    case AlertTab.SNOOZED:
      return isActive && !isAwake;
    case AlertTab.DECIDED:
      return !isActive && !BY_SERVICE.has(alert.disposition);
    default:
      return isActive;
  }
}

const contains = (whole: string, part: string): boolean => whole.toLowerCase().includes(part.toLowerCase());
