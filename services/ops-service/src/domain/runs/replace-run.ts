import {
  type Alert,
  type AlertChange,
  type AlertEvent,
  isActive,
  RULES_ACTOR,
  ruleEvent,
  severityOf,
} from "../alerts/alert.ts";
import type { AlertRuleStore } from "../alerts/evaluate-rules.ts";
import { closedAsVoid, isOpenedBy, type RunChange, withoutRunChange } from "../alerts/undo-run-change.ts";

/** The run that supersedes another one, for the texts of the history. */
export interface Replacement {
  readonly runId: number;
  readonly isoWeek: string;
  readonly revision: number;
  readonly supersededRunId: number;
  readonly now: Date;
}

/** The rules' view of the alerts while a run supersedes another one. */
export interface ReplacedStore {
  /** The alerts that the superseded run changed are as before it; what is saved is compared with what they are now. */
  readonly store: AlertRuleStore;
  /** Closes or restores the alerts that the rules did not change again. */
  finish(): Promise<ReplacedChanges>;
}

/** What a revision changed. */
export interface ReplacedChanges {
  /** What was written: the difference from the alerts as the superseded run left them. */
  readonly changes: readonly AlertChange[];
  /** What the rules decided, against the alerts before the week. */
  readonly decided: readonly AlertChange[];
}

/** Fields that the rules set in every run. */
const OF_RUN = [
  ...(["ruleSeverity", "riskScore", "band", "expectedImpact", "scoreChange", "trend", "signals"] as const),
  ...(["lastRunId", "summary", "scoreChangeParts"] as const),
] as const satisfies readonly (keyof Alert)[];

/**
 * Lets the rules decide as if the superseded run had not been, and writes only the difference: an alert that both runs
 * raise stays as people have left it, without an entry in its history.
 * @param changes what the superseded run changed, locked
 */
export function replaceRun(
  store: AlertRuleStore,
  changes: readonly RunChange[],
  replacement: Replacement,
): ReplacedStore {
  const keyOf = ({ supplierId, ruleId, dimension }: Alert): string => `${supplierId}/${dimension}/${ruleId}`;
  const entries = new Map(changes.map((change) => [keyOf(change.current), { change, base: baseOf(change) }]));
  const byId = new Map([...entries.values()].map((entry) => [entry.change.current.id, entry]));
  const written: AlertChange[] = [];
  const ofWeek: AlertChange[] = [];
  const shown = (alerts: readonly Alert[]): Alert[] =>
    alerts.flatMap((alert) => {
      const entry = byId.get(alert.id);
      if (!entry) return [alert];
      return entry.base ? [entry.base] : [];
    });
  const bases = [...entries.values()].flatMap(({ base }) => base ?? []);
  const save = async (runId: number, decided: readonly AlertChange[]): Promise<void> => {
    // An alert that the superseded run had raised has an id already.
    const ids = new Map(
      decided.map(({ alert }) => [alert.id, entries.get(keyOf(alert))?.change.current.id ?? alert.id]),
    );
    ofWeek.push(
      ...decided.map((change) => ({
        ...change,
        alert: { ...change.alert, id: ids.get(change.alert.id) ?? change.alert.id },
      })),
    );
    const final = decided.map((change) => {
      const { replacedBy } = change.alert;
      const alert = { ...change.alert, replacedBy: replacedBy && (ids.get(replacedBy) ?? replacedBy) };
      const entry = entries.get(keyOf(alert));
      if (!entry) return { ...change, alert };
      entries.delete(keyOf(alert));
      return difference(entry.change.current, entry.base, { ...change, alert }, replacement);
    });
    written.push(...final);
    await store.save(runId, final);
  };
  /** @param inner the store, or the part of it that a rule set reads */
  const viewOf = (inner: AlertRuleStore): AlertRuleStore => ({
    ...inner,
    within: (scope) => viewOf(inner.within(scope)),
    async activeAlerts(modelName) {
      const active = shown(await inner.activeAlerts(modelName)).filter(isActive);
      const known = new Set(active.map(({ id }) => id));
      const others = bases.filter((base) => isActive(base) && !known.has(base.id));
      const inScope = await inner.inScope(others.map(({ supplierId }) => supplierId));
      return [...active, ...others.filter(({ supplierId }) => inScope.has(supplierId))];
    },
    alertsAbout: async (modelName, supplierIds) => shown(await inner.alertsAbout(modelName, supplierIds)),
    // The alerts of the superseded run are locked already.
    lock: async (alertIds) => shown(await inner.lock(alertIds.filter((id) => !byId.has(id)))),
    recordValues: (runId, alerts) =>
      inner.recordValues(
        runId,
        alerts.filter(({ id }) => !byId.has(id)),
      ),
    async deferValues(runId, alerts) {
      const own = alerts.filter(({ id }) => byId.has(id));
      await save(
        runId,
        own.map((alert) => ({ alert, isNew: false, events: [], before: byId.get(alert.id)?.base ?? null })),
      );
      await inner.deferValues(
        runId,
        alerts.filter(({ id }) => !byId.has(id)),
      );
    },
    save,
  });
  return {
    store: viewOf(store),
    async finish() {
      const left = [...entries.values()].map(({ change, base }) => untouched(change.current, base, replacement));
      entries.clear();
      written.push(...left);
      await store.save(replacement.runId, left);
      return { changes: written, decided: ofWeek };
    },
  };
}

/** Returns the alert as if the superseded run had not been. Null: that run raised it. */
function baseOf(change: RunChange): Alert | null {
  const { before, current } = change;
  // A person has resolved what the run opened: the decision stays.
  if (isOpenedBy(change)) return isActive(current) ? before : current;
  return before === null ? current : withoutRunChange(before, change);
}

/** Compares what the rules decided from `base` with the alert as it is now. */
function difference(now: Alert, base: Alert | null, change: AlertChange, replacement: Replacement): AlertChange {
  const decided: Alert = { ...change.alert, id: now.id };
  const detail = revisionText(replacement);
  const whole = { isNew: false, isWhole: true, before: base };
  if (isActive(decided) && isActive(now)) {
    const ofRun = Object.fromEntries(OF_RUN.map((field) => [field, decided[field]]));
    const raisedRunId = now.raisedRunId === replacement.supersededRunId ? replacement.runId : now.raisedRunId;
    const { snooze, snoozedUntil, override, overrideUntil } = base === null ? now : decided;
    const kept: Alert = { ...now, ...ofRun, snooze, snoozedUntil, override, overrideUntil, raisedRunId };
    const merged: Alert = { ...kept, severity: severityOf(kept) };
    if (merged.ruleSeverity === now.ruleSeverity) return { ...whole, alert: merged, events: [] };
    const alert = byRules(merged, now, replacement);
    const kind = alert.ruleSeverity === "critical" ? "escalated" : "deescalated";
    return { ...whole, alert, events: [moved(alert, kind, replacement, { detail })] };
  }
  if (!isActive(decided) && !isActive(now)) {
    const { resolvedAt, changedAt, changedBy, version } = now;
    return { ...whole, alert: { ...decided, resolvedAt, changedAt, changedBy, version }, events: [] };
  }
  const alert = byRules(decided, now, replacement);
  const kind = isActive(alert) ? "reopened" : "resolved";
  const note = change.events.find((event) => event.kind === "resolved")?.note ?? "";
  return { ...whole, alert, events: [moved(alert, kind, replacement, { note, detail })] };
}

/** Returns the entry of an alert that the later revision moved. */
function moved(
  alert: Alert,
  kind: AlertEvent["kind"],
  { now }: Replacement,
  texts: { readonly note?: string; readonly detail: string },
): AlertEvent {
  return { ...ruleEvent(alert, kind, now, texts), scoreChangeParts: alert.scoreChangeParts };
}

/** Decides about an alert of which the rules decided nothing: its supplier has no score in the later revision. */
function untouched(now: Alert, base: Alert | null, replacement: Replacement): AlertChange {
  const whole = { isNew: false, isWhole: true, before: base };
  if (base !== null && isActive(base) === isActive(now))
    return { ...whole, alert: { ...base, version: now.version }, events: [] };
  if (base !== null && isActive(base)) {
    const alert = byRules(base, now, replacement);
    return {
      ...whole,
      alert,
      events: [ruleEvent(alert, "reopened", replacement.now, { detail: revisionText(replacement) })],
    };
  }
  const alert = byRules(base ?? closedAsVoid(now, replacement.now), now, replacement);
  return { ...whole, alert, events: [voidedBy(alert, replacement)] };
}

const byRules = (alert: Alert, { version, owner }: Alert, { now }: Replacement): Alert => ({
  ...alert,
  ...{ owner, version: version + 1, changedAt: now, changedBy: RULES_ACTOR },
});

const revisionText = ({ revision, isoWeek }: Replacement): string =>
  `By revision ${revision} of ${isoWeek}, which supersedes the one before.`;

function voidedBy(alert: Alert, { now, supersededRunId, ...replacement }: Replacement): AlertEvent {
  const detail = `Revision ${replacement.revision} of ${replacement.isoWeek} does not raise it.`;
  return { ...ruleEvent(alert, "voided", now, { detail }), riskScore: null, runId: supersededRunId };
}
