import { type Alert, AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { equals } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createContext, useContext } from "react";

/** The alerts that changed after lists were loaded. A list can show their number and keep its rows in place. */
export interface AlertChanges {
  add(alerts: readonly Alert[], truncated: boolean): void;
  /** Records an interruption of the watch. Changes during the interruption may have been missed. */
  addGap(): void;
  /**
   * Returns a number that increases with each change and each interruption. A list that is loaded now
   * contains all changes up to this position.
   */
  position(): number;
  /** Returns the changes after a position. */
  since(position: number): ChangesSince;
  /** Returns the position at which a list was loaded. Undefined: it was not loaded. */
  readAt(list: string): number | undefined;
  setReadAt(list: string, position: number): void;
  subscribe(listener: () => void): () => void;
}

export interface ChangesSince {
  /** Each changed alert once, in its latest state. */
  readonly alerts: readonly Alert[];
  /** Whether there are more changes than `alerts` contains. */
  readonly truncated: boolean;
  /**
   * Whether the watch was interrupted since then. Changes that `alerts` does not contain may have been
   * missed.
   */
  readonly gap: boolean;
}

/** Maximum number of changed alerts that are kept. */
const MAX_ALERTS = 1_000;
/** Maximum number of lists whose position is kept. */
const MAX_LISTS = 200;

export function createAlertChanges(): AlertChanges {
  const latest = new Map<string, { readonly alert: Alert; readonly at: number }>();
  const marks = new Map<string, number>();
  const listeners = new Set<() => void>();
  let position = 0;
  let truncatedAt = 0;
  let gapAt = 0;
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    add(alerts, truncated) {
      position++;
      if (truncated) truncatedAt = position;
      for (const alert of alerts) {
        latest.delete(alert.alertId);
        latest.set(alert.alertId, { alert, at: position });
      }
      for (const [id, { at }] of latest) {
        if (latest.size <= MAX_ALERTS) break;
        latest.delete(id);
        truncatedAt = Math.max(truncatedAt, at);
      }
      notify();
    },
    addGap() {
      gapAt = ++position;
      notify();
    },
    position: () => position,
    since: (from) => ({
      alerts: [...latest.values()].filter(({ at }) => at > from).map(({ alert }) => alert),
      truncated: truncatedAt > from,
      gap: gapAt > from,
    }),
    readAt: (list) => marks.get(list),
    setReadAt(list, at) {
      marks.delete(list);
      marks.set(list, at);
      const [oldest] = marks.keys();
      if (marks.size > MAX_LISTS && oldest !== undefined) marks.delete(oldest);
      notify();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Counts the changed alerts that a list shows in an older state, or does not show although they belong to it.
 */
export function countChanges(
  changed: readonly Alert[],
  shown: readonly Alert[],
  belongs: (alert: Alert) => boolean,
): number {
  if (changed.length === 0) return 0;
  // There are few changes and up to 10,000 rows: an index of the rows would cost more than one pass over them.
  const wanted = new Set(changed.map(({ alertId }) => alertId));
  const byId = new Map<string, Alert>();
  for (const alert of shown) if (wanted.has(alert.alertId)) byId.set(alert.alertId, alert);
  return changed.filter((alert) => {
    const now = byId.get(alert.alertId);
    return now ? !equals(AlertSchema, now, alert) && !isLater(now, alert) : belongs(alert);
  }).length;
}

/** Counts the rows at the start of a list that would change if it were loaded again. */
export function countDifferences(fresh: readonly Alert[], shown: readonly Alert[]): number {
  const head = shown.slice(0, fresh.length);
  const freshIds = new Set(fresh.map(({ alertId }) => alertId));
  const gone = head.filter(({ alertId }) => !freshIds.has(alertId)).length;
  return Math.max(
    gone,
    countChanges(fresh, shown, () => true),
  );
}

/** Whether `one` is a later state of an alert than `other`, by the position of the change, else by its time. */
export function isLater(one: Alert, other: Alert): boolean {
  if (one.sequence > 0n && other.sequence > 0n) return one.sequence > other.sequence;
  return changedMs(one) > changedMs(other);
}

/** Returns the time of the last change of an alert, ms since 1970; 0 when the server did not send it. */
function changedMs({ changedAt }: Alert): number {
  return changedAt ? timestampMs(changedAt) : 0;
}

export const AlertChangesContext = createContext<AlertChanges | undefined>(undefined);

/** Returns the changes that the watch of the page has received. */
export function useAlertChanges(): AlertChanges {
  const changes = useContext(AlertChangesContext);
  if (!changes) throw new Error("AlertChangesContext has no provider");
  return changes;
}
