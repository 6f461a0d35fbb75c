import { expect, test } from "vitest";
import { type RecordedEvent, recordedAlerts } from "./recorded-alerts.ts";

const runs = [1, 2, 3, 4].map((week) => ({ runId: week, isoWeek: `2026-W0${week}`, completedMs: week * 100 }));
const event = (alertId: string, kind: RecordedEvent["kind"], runId: number | null, occurredMs: number) => ({
  ...{ alertId, supplierId: alertId === "a" ? 1 : 2, ruleId: `rule-${alertId}`, kind, runId, occurredMs },
});
const weeksOf = (supplier: number, events: readonly RecordedEvent[]) => {
  const alerts = recordedAlerts(events, runs);
  return runs.map(({ isoWeek }) => isoWeek).filter((week) => alerts.wasActive(supplier, week));
};

test("an alert is active from the run that raised it to the week before the run that resolved it", () => {
  expect(weeksOf(1, [event("a", "raised", 1, 100), event("a", "resolved", 3, 300)])).toEqual(["2026-W01", "2026-W02"]);
});

test("an alert that a person resolved was active in the weeks that were complete before", () => {
  expect(weeksOf(1, [event("a", "raised", 1, 100), event("a", "resolved", null, 250)])).toEqual([
    "2026-W01",
    "2026-W02",
  ]);
});

test("an alert that a person opened again is active from the next run on, and one without an end stays active", () => {
  const events = [
    event("a", "raised", 1, 100),
    event("a", "resolved", 2, 200),
    event("a", "reopened", null, 250),
    event("b", "raised", 4, 400),
  ];
  expect(weeksOf(1, events)).toEqual(["2026-W01", "2026-W03", "2026-W04"]);
  expect(weeksOf(2, events)).toEqual(["2026-W04"]);
  const alerts = recordedAlerts(events, runs);
  expect([1, 2, 4].map((runId) => alerts.raisedIn(runId))).toEqual([1, 0, 1]);
});

test("an alert of before the first week is active from the first week on", () => {
  expect(weeksOf(1, [event("a", "raised", 77, 1), event("a", "resolved", 2, 200)])).toEqual(["2026-W01"]);
});

test("a supplier counts as decided when a person resolved an alert of it after the first run, and not when a rule did", () => {
  const decided = (...events: readonly RecordedEvent[]) => recordedAlerts(events, runs).wasDecided(1);
  expect(decided(event("a", "raised", 1, 100), event("a", "resolved", null, 100))).toBe(true);
  expect(decided(event("a", "raised", 1, 1), event("a", "resolved", null, 99))).toBe(false);
  expect(decided(event("a", "raised", 1, 100), event("a", "resolved", 2, 200))).toBe(false);
  expect(recordedAlerts([event("a", "resolved", null, 100)], []).wasDecided(1)).toBe(false);
});
