import { expect, test } from "vitest";
import {
  type Alert,
  type AlertCandidate,
  type AlertSeverity,
  type Decision,
  type Disposition,
  decideAlert,
} from "./alert.ts";

const DAY_MS = 86_400_000;
const NOW = new Date("2026-03-16T06:00:00Z");
const LIMITS = { raise: 0.7, critical: 0.85 };
const DECISION: Decision = {
  ...{ runId: 9, modelName: "m", ruleId: "high-score", dimension: "score", coolDownDays: 14, now: NOW },
  newId: () => "new",
};

/** Days since the alert was resolved: just before and just after the end of its cool-down. */
const RESTS = 13.999;
const OVER = 14;

const alertWith = (over: Partial<Alert>): Alert => ({
  ...{ id: "known", supplierId: 1, modelName: "m", ruleId: "high-score", dimension: "score", severity: "warning" },
  ...{ state: "open", disposition: null, riskScore: 0.75, raisedRunId: 1, lastRunId: 8, summary: "before" },
  ...{ raisedAt: new Date(0), changedAt: new Date(0), resolvedAt: null, acknowledgedBy: "", replacedBy: null },
  ...over,
});

const resolved = (severity: AlertSeverity, disposition: Disposition, daysAgo: number): Alert =>
  alertWith({ state: "resolved", severity, disposition, resolvedAt: new Date(NOW.getTime() - daysAgo * DAY_MS) });

/** Returns a candidate with the given latest scores, one or two. */
function candidate(alert: Alert | null, [riskScore, before]: readonly number[], over: Partial<AlertCandidate> = {}) {
  const score = riskScore ?? 0;
  const isHigh = score >= LIMITS.raise;
  const isCritical = score >= LIMITS.critical;
  return {
    ...{ supplierId: 1, riskScore: score, alert, isHigh, isCritical, summary: `now ${score}`, replacedBy: null },
    ...{ isRaised: isCritical || (isHigh && (before ?? 0) >= LIMITS.raise), isCleared: false, wasBelowCritical: false },
    ...over,
  } satisfies AlertCandidate;
}

const BELOW = { wasBelowCritical: true };

test.each<[Alert | null, readonly number[], Partial<AlertCandidate>, string]>([
  // never raised
  [null, [0.84], {}, "nothing"],
  [null, [0.7, 0.7], {}, "raised warning"],
  [null, [0.85], {}, "raised critical"],
  // in its cool-down after a decision of an analyst
  [resolved("warning", "accepted", RESTS), [0.84, 0.84], {}, "nothing"],
  [resolved("warning", "accepted", RESTS), [0.85, 0.84], {}, "reopened critical"],
  [resolved("critical", "accepted", RESTS), [0.96, 0.9], {}, "nothing"],
  [resolved("critical", "accepted", RESTS), [0.96, 0.84], BELOW, "reopened critical"],
  [resolved("critical", "false_alarm", RESTS), [0.84, 0.84], BELOW, "nothing"],
  [resolved("critical", "mitigated", RESTS), [0.85, 0.2], BELOW, "reopened critical"],
  // after the cool-down
  [resolved("warning", "mitigated", OVER), [0.84], {}, "nothing"],
  [resolved("warning", "mitigated", OVER), [0.7, 0.7], {}, "reopened warning"],
  [resolved("critical", "accepted", OVER), [0.96, 0.9], {}, "reopened critical"],
  [resolved("critical", "accepted", OVER), [0.7, 0.7], {}, "reopened warning"],
  // cleared by its rule, so the score was below the critical limit
  [resolved("critical", "cleared", RESTS), [0.96], {}, "reopened critical"],
  [resolved("critical", "cleared", RESTS), [0.84, 0.84], {}, "nothing"],
  [resolved("warning", "cleared", RESTS), [0.96], {}, "reopened critical"],
  [resolved("warning", "cleared", RESTS), [0.84, 0.84], {}, "nothing"],
  [resolved("warning", "cleared", OVER), [0.84, 0.84], {}, "reopened warning"],
  // not judged by anybody: no cool-down, and one high run is enough
  [resolved("critical", "lapsed", RESTS), [0.7], {}, "reopened warning"],
  [resolved("critical", "lapsed", RESTS), [0.9], {}, "reopened critical"],
  [resolved("warning", "lapsed", OVER), [0.69], {}, "nothing"],
  [resolved("warning", "replaced", RESTS), [0.7], {}, "reopened warning"],
  // open or acknowledged
  [alertWith({}), [0.65], {}, "kept warning"],
  [alertWith({}), [0.85], {}, "escalated critical"],
  [alertWith({ severity: "critical" }), [0.9], {}, "kept critical"],
  [alertWith({ severity: "critical" }), [0.84], {}, "deescalated warning"],
  [alertWith({ severity: "critical" }), [0.1], { isCleared: true }, "resolved warning"],
  [alertWith({ state: "acknowledged", acknowledgedBy: "jo" }), [0.85], {}, "escalated critical"],
  [alertWith({ state: "acknowledged", acknowledgedBy: "jo" }), [0.1], { isCleared: true }, "resolved warning"],
])("%o at scores %o (latest first) with %o: %s", (alert, scores, over, expected) => {
  const change = decideAlert(candidate(alert, scores, over), DECISION);
  const done = change ? `${change.event?.kind ?? "kept"} ${change.alert.severity}` : "nothing";
  expect(done).toBe(expected);
  if (!change) return;
  const ofRun = { riskScore: scores[0], lastRunId: 9, summary: `now ${scores[0]}` };
  expect(change.alert).toMatchObject(ofRun);
});

test("an alert of a supplier that another rule takes over is replaced, even when it would be cleared too", () => {
  const replacedBy = { alertId: "other", ruleId: "high-score" };
  const open = alertWith({ ruleId: "weekly-capacity", dimension: "impact" });
  const change = decideAlert(candidate(open, [0.92], { replacedBy, isCleared: true }), DECISION);
  expect(change?.alert).toMatchObject({ state: "resolved", disposition: "replaced", replacedBy: "other" });
  expect(change?.event).toMatchObject({ kind: "resolved", note: "Replaced by high-score." });
});

test("an alert that opens again has no acknowledged_by and no replaced_by", () => {
  const before = { ...resolved("warning", "replaced", OVER), acknowledgedBy: "jo", replacedBy: "other" };
  const change = decideAlert(candidate(before, [0.9]), DECISION);
  expect(change?.alert).toMatchObject({ state: "open", disposition: null, acknowledgedBy: "", replacedBy: null });
});
