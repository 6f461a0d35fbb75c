import { describe, expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import { noticeEventsOf } from "../notices/notice-event.ts";
import type { Alert, AlertChange, AlertSeverity, Disposition } from "./alert.ts";
import {
  type AlertCandidate,
  decideAbsent,
  decideAlert,
  decideRetired,
  type RuleDecision,
  takeValues,
  trendOf,
} from "./decide-alert.ts";
import { scoreCandidate } from "./score-rule.ts";

const DAY_MS = 86_400_000;
const NOW = new Date("2026-03-16T06:00:00Z");
const LIMITS = { raise: 0.7, critical: 0.85, clear: 0.6 };
const DECISION: RuleDecision = {
  ...{ runId: 9, modelName: "m", ruleId: "high-score", dimension: "score", coolDownWeeks: 2, now: NOW },
  ...{ acceptanceExpiry: "raised", previousRunAt: new Date(NOW.getTime() - 7 * DAY_MS) },
  newId: () => "new",
  weeksSince: ({ resolvedAt }) =>
    resolvedAt ? Math.round((NOW.getTime() - resolvedAt.getTime()) / (7 * DAY_MS)) : null,
};

/** Days since the alert was resolved: in the last week of its cool-down, and in the week after it. */
const RESTS = 14;
const OVER = 21;

const alertWith = (over: Partial<Alert>): Alert =>
  testAlert({ id: "known", ...(over.severity && { ruleSeverity: over.severity }), ...over });

const resolved = (severity: AlertSeverity, disposition: Disposition, daysAgo: number): Alert =>
  alertWith({ state: "resolved", severity, disposition, resolvedAt: new Date(NOW.getTime() - daysAgo * DAY_MS) });

/** An alert whose risk was accepted; `overDays`: days since the end of the accepted time, negative before it. */
const accepted = (severity: AlertSeverity, daysAgo: number, overDays: number): Alert => ({
  ...resolved(severity, "accepted", daysAgo),
  acceptedUntil: new Date(NOW.getTime() - overDays * DAY_MS),
});

/** Returns a candidate with the given latest scores, one or two. */
function candidate(alert: Alert | null, [riskScore, before]: readonly number[], over: Partial<AlertCandidate> = {}) {
  const score = riskScore ?? 0;
  const isHigh = score >= LIMITS.raise;
  const isCritical = score >= LIMITS.critical;
  return {
    ...{ band: "high", expectedImpact: score * 10, scoreChange: before === undefined ? null : score - before },
    ...{ supplierId: 1, riskScore: score, alert, isHigh, isCritical, summary: `now ${score}`, replacedBy: null },
    ...{ isRaised: isCritical || (isHigh && (before ?? 0) >= LIMITS.raise), isCleared: false, wasBelowCritical: false },
    isKept: score >= LIMITS.clear,
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
  [resolved("warning", "false_data", RESTS), [0.84, 0.84], {}, "nothing"],
  [resolved("warning", "duplicate", RESTS), [0.84, 0.84], {}, "nothing"],
  // accepted until a time, whatever the cool-down
  [accepted("warning", 30, -1), [0.84, 0.84], {}, "nothing"],
  [accepted("warning", 30, 0), [0.84, 0.84], {}, "reopened warning"],
  [accepted("warning", 30, 0), [0.84, 0.2], {}, "nothing"],
  [accepted("warning", 1, -1), [0.85], {}, "reopened critical"],
  [accepted("critical", 1, -1), [0.9, 0.9], {}, "nothing"],
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
  // closed because its run was withdrawn: no cool-down, and the rule decides as about a new alert
  [resolved("warning", "void", RESTS), [0.7, 0.7], {}, "reopened warning"],
  [resolved("critical", "void", RESTS), [0.96], {}, "reopened critical"],
  [resolved("warning", "void", OVER), [0.84], {}, "nothing"],
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
  const done = change ? `${change.events[0]?.kind ?? "kept"} ${change.alert.severity}` : "nothing";
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
  expect(change?.events).toMatchObject([{ kind: "resolved", note: "Replaced by high-score." }]);
});

test("an alert that opens again has no acknowledged_by and no replaced_by", () => {
  const before = { ...resolved("warning", "replaced", OVER), acknowledgedBy: "jo", replacedBy: "other" };
  const change = decideAlert(candidate(before, [0.9]), DECISION);
  expect(change?.alert).toMatchObject({ state: "open", disposition: null, acknowledgedBy: "", replacedBy: null });
});

test("an alert that opens again has a higher version and keeps its owner", () => {
  const before = { ...resolved("warning", "mitigated", OVER), owner: "jo", version: 4 };
  expect(decideAlert(candidate(before, [0.9]), DECISION)?.alert).toMatchObject({
    version: 5,
    owner: "jo",
    changedBy: "rules",
  });
});

test("a run that only updates the score keeps the version; a change of the severity increases it", () => {
  expect(decideAlert(candidate(alertWith({}), [0.72]), DECISION)?.alert.version).toBe(1);
  expect(decideAlert(candidate(alertWith({}), [0.85]), DECISION)?.alert.version).toBe(2);
});

const LATER = new Date(NOW.getTime() + 1);
const SNOOZE = { untilWorse: true, minRise: 0.05, fromScore: 0.75, fromSeverity: "warning", actor: "jo" } as const;

test.each<[Partial<Alert>, number, string]>([
  [{ snooze: SNOOZE }, 0.7999, "asleep"],
  [{ snooze: SNOOZE }, 0.8, "woken"],
  [{ snooze: SNOOZE }, 0.2, "asleep"],
  [{ snooze: { ...SNOOZE, minRise: 1 } }, 0.85, "escalated woken"],
  [{ snooze: { ...SNOOZE, fromSeverity: "critical", minRise: 1 }, severity: "critical" }, 0.9, "asleep"],
  [{ snooze: { ...SNOOZE, untilWorse: false }, snoozedUntil: LATER }, 0.99, "escalated asleep"],
  [{ snooze: { ...SNOOZE, untilWorse: false }, snoozedUntil: NOW }, 0.7, "woken"],
])("a snoozed alert %o at the score %d: %s", (over, score, expected) => {
  const change = decideAlert(candidate(alertWith(over), [score]), DECISION);
  const kinds = change?.events.map(({ kind }) => kind) ?? [];
  expect([...kinds, ...(change?.alert.snooze ? ["asleep"] : [])].join(" ")).toBe(expected);
  expect(change?.alert.state).toBe("open");
});

const KEPT = { acceptanceExpiry: "not_cleared" } as const;

test.each<[string, Alert, readonly number[], Partial<RuleDecision>, string | undefined]>([
  ["after its date, with a score that keeps an alert", accepted("warning", 30, 1), [0.6, 0.6], KEPT, "reopened"],
  ["at its date", accepted("warning", 30, 0), [0.6, 0.6], KEPT, "reopened"],
  ["before its date", accepted("warning", 30, -1), [0.6, 0.6], KEPT, undefined],
  ["with a score that keeps no alert", accepted("warning", 30, 1), [0.59, 0.9], KEPT, undefined],
  ["in the second run after its date", accepted("warning", 30, 7), [0.6, 0.6], KEPT, undefined],
  ["without a run before", accepted("warning", 300, 200), [0.6], { ...KEPT, previousRunAt: null }, "reopened"],
  ["when only the rule opens it", accepted("warning", 30, 1), [0.69, 0.69], {}, undefined],
  ["and the rule raises it", accepted("warning", 30, 200), [0.7, 0.7], {}, "reopened"],
  ["without a date, in its cool-down", resolved("warning", "accepted", RESTS), [0.69, 0.69], KEPT, undefined],
  ["with another disposition", resolved("warning", "mitigated", OVER), [0.69, 0.69], KEPT, undefined],
])("an accepted risk %s", (_, alert, scores, over, kind) => {
  const change = decideAlert(candidate(alert, scores), { ...DECISION, ...over });
  expect(change?.events[0]?.kind).toBe(kind);
  if (kind && alert.acceptedUntil) {
    const day = alert.acceptedUntil.toISOString().slice(0, 10);
    expect(change?.events[0]?.detail).toBe(`The risk was accepted until ${day}.`);
    expect(change?.alert).toMatchObject({ state: "open", acceptedUntil: null, disposition: null });
  }
});

test("an open alert of a rule that is not in use is resolved; one that somebody works on stays", () => {
  const change = decideRetired(alertWith({ state: "open" }), NOW);
  expect(change?.alert).toMatchObject({ state: "resolved", disposition: "cleared" });
  expect(change?.events[0]?.note).toBe("The rule high-score is not in use for this supplier any more.");
  for (const state of ["acknowledged", "in_mitigation", "resolved"] as const)
    expect(decideRetired(alertWith({ state }), NOW)).toBeUndefined();
});

test("an override replaces the severity until its end; the rule's severity is kept beside it", () => {
  const replaced = { severity: "warning", band: null, reason: "paid", actor: "jo" } as const;
  const alert = alertWith({ override: replaced, overrideUntil: LATER });
  const during = decideAlert(candidate(alert, [0.9]), DECISION)?.alert;
  expect(during).toMatchObject({ severity: "warning", ruleSeverity: "critical" });
  const after = decideAlert(candidate({ ...alert, overrideUntil: NOW }, [0.9]), DECISION);
  expect(after?.alert).toMatchObject({ severity: "critical", ruleSeverity: "critical", override: null });
  expect(after?.events.map(({ kind }) => kind)).toEqual(["override_ended", "escalated"]);
});

test.each<[number | null, string]>([
  [null, "same"],
  [0.86 - 0.85, "worse"],
  [0.0099, "same"],
  [0.85 - 0.86, "better"],
  [-0.0099, "same"],
])("a change of the score of %d is %s", (change, trend) => expect(trendOf(change)).toBe(trend));

test("an alert is new in the run that raised it only", () => {
  const raised = decideAlert(candidate(null, [0.9]), DECISION)?.alert ?? null;
  expect(raised).toMatchObject({ trend: "new", signals: 1, version: 1 });
  expect(decideAlert(candidate(raised, [0.9, 0.9]), { ...DECISION, runId: 10 })?.alert.trend).toBe("same");
  const absent = raised && decideAbsent({ alert: raised, lastWeek: "2026-W09", isGone: false }, { runs: 4, now: NOW });
  expect(absent).toMatchObject({ alert: { trend: "same", state: "open" }, events: [] });
});

const RULE = {
  ...{ id: "high-score", raise: 0.7, runsToRaise: 2, critical: 0.85, keepCritical: 0.75 },
  ...{ clear: 0.6, runsToClear: 2 },
};

/** Runs the score rule on a series of scores, one per week. */
function follow(series: readonly number[]): { readonly alert: Alert | null; readonly changes: readonly AlertChange[] } {
  const changes: AlertChange[] = [];
  let alert: Alert | null = null;
  for (const [week, riskScore] of series.entries()) {
    const recent = series
      .slice(0, week + 1)
      .toReversed()
      .slice(0, 2);
    const facts = {
      supplierId: 1,
      recent,
      before: recent[1] ?? null,
      riskScore,
      band: "high",
      impact: riskScore,
    } as const;
    const decision = { ...DECISION, runId: week + 1, now: new Date(NOW.getTime() + week * 7 * DAY_MS) };
    const change = decideAlert(scoreCandidate(facts, alert, null, RULE), decision);
    if (change) changes.push(change);
    alert = change?.alert ?? alert;
  }
  return { alert, changes };
}

test("10,000 signals of one supplier and rule make one open alert that counts them", () => {
  const { alert, changes } = follow(Array.from({ length: 10_000 }, () => 0.9));
  expect(alert).toMatchObject({ state: "open", signals: 10_000 });
  expect(changes.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(changes.flatMap(({ events }) => events)).toHaveLength(1);
  expect(changes.flatMap((change) => noticeEventsOf([change], NOW))).toHaveLength(1);
});

test.each([RULE.clear, RULE.raise, RULE.keepCritical, RULE.critical])(
  "a score that moves by 1 %% around %d for 52 weeks opens an alert at most once, and makes at most two notices",
  (limit) => {
    for (const wave of [
      (i: number) => (i % 2 ? 1 : -1),
      (i: number) => (i % 4 < 2 ? 1 : -1),
      (i: number) => Math.sin(i),
    ]) {
      const { changes } = follow(Array.from({ length: 52 }, (_, i) => limit * (1 + 0.01 * wave(i))));
      const opened = changes
        .flatMap(({ events }) => events)
        .filter(({ kind }) => kind === "raised" || kind === "reopened");
      expect(opened.length).toBeLessThanOrEqual(1);
      expect(new Set(changes.map(({ alert }) => alert.id)).size).toBeLessThanOrEqual(1);
      const notices = changes.flatMap((change) => noticeEventsOf([change], NOW));
      expect(notices.length).toBeLessThanOrEqual(2);
    }
  },
);

test("a critical alert stays critical down to its own limit, and becomes critical again at the critical limit only", () => {
  const severities = (series: readonly number[]) => {
    const { changes } = follow(series);
    return changes.map(({ alert }) => (alert.ruleSeverity === "critical" ? "C" : "w")).join("");
  };
  expect(severities([0.86, 0.84, 0.75, 0.849, 0.85])).toBe("CCCCC");
  expect(severities([0.86, 0.749, 0.8, 0.849, 0.85])).toBe("CwwwC");
});

test("a critical alert that was resolved at a score below the critical limit opens again when the score is critical", () => {
  const critical = follow([0.86, 0.8]).alert;
  if (!critical) throw new Error("no alert");
  const decided = { ...critical, state: "resolved", disposition: "mitigated", resolvedAt: NOW } as const;
  const facts = { supplierId: 1, recent: [0.86, 0.8], before: 0.8, riskScore: 0.86, band: "high", impact: 1 } as const;
  const decision = { ...DECISION, now: new Date(NOW.getTime() + 7 * DAY_MS) };
  expect(decideAlert(scoreCandidate(facts, decided, null, RULE), decision)?.events[0]?.kind).toBe("reopened");
  const atCritical = { ...decided, riskScore: 0.86 };
  expect(decideAlert(scoreCandidate(facts, atCritical, null, RULE), decision)).toBeUndefined();
});

describe("values of a run for an alert that a person changed after the rules decided", () => {
  const seen = alertWith({ severity: "critical", riskScore: 0.9, lastRunId: 8, version: 3 });
  const after = decideAlert(candidate(seen, [0.96, 0.9]), DECISION)?.alert ?? seen;
  const take = (changed: Partial<Alert>, seenRunId = 8) =>
    takeValues({ ...seen, version: 4, ...changed }, { decided: after, seenRunId }, NOW);

  test("are written beside the decision", () => {
    const change = take({ state: "acknowledged", acknowledgedBy: "jo", owner: "jo" });
    expect(change).toMatchObject({
      ...{ isNew: false, events: [], before: { riskScore: 0.9, version: 4 } },
      alert: {
        ...{ state: "acknowledged", owner: "jo", version: 4, severity: "critical" },
        ...{ riskScore: 0.96, lastRunId: 9, trend: "worse", summary: "now 0.96", signals: seen.signals + 1 },
      },
    });
  });

  test("do not replace an override", () => {
    const override = { severity: "warning", band: null, reason: "known", actor: "jo" } as const;
    const change = take({ override, overrideUntil: null, severity: "warning" });
    expect(change?.alert).toMatchObject({ override, severity: "warning", ruleSeverity: "critical", riskScore: 0.96 });
  });

  test.each([
    [0.05, ["woken"]],
    [0.07, []],
  ])("end a snooze until a rise of %d if the score rose by 0.06 since", (minRise, kinds) => {
    const from = { fromScore: 0.9, fromSeverity: "critical" } as const;
    const change = take({ snooze: { untilWorse: true, minRise, ...from, actor: "jo" }, snoozedUntil: null });
    expect(change?.events.map(({ kind }) => kind)).toEqual(kinds);
    expect(change?.alert).toMatchObject({ riskScore: 0.96, version: 4 });
    expect(change?.alert.snooze === null).toBe(kinds.length > 0);
  });

  test("are not written to an alert that the person resolved, or that has the values of another run", () => {
    expect(take({ state: "resolved", disposition: "mitigated", resolvedAt: NOW })).toBeUndefined();
    expect(take({ lastRunId: 10 })).toBeUndefined();
    expect(take({}, 7)).toBeUndefined();
  });
});
