import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import { type Alert, type AlertChange, type AlertEventKind, BECAME_WORSE, ruleEvent } from "../alerts/alert.ts";
import { noticeEventsOf, notTakenEvent } from "./notice-event.ts";

const NOW = new Date("2026-03-16T06:00:00Z");

function change(alert: Alert, ...kinds: readonly AlertEventKind[]): AlertChange {
  return { alert, isNew: false, events: kinds.map((kind) => ruleEvent(alert, kind, NOW)) };
}

const causesOf = (changes: readonly AlertChange[]) => noticeEventsOf(changes, NOW).map(({ cause }) => cause);

test.each<[AlertEventKind, readonly string[]]>([
  ["raised", ["raised"]],
  ["reopened", ["reopened"]],
  ["escalated", ["escalated"]],
  ["deescalated", []],
  ["resolved", []],
  ["override_ended", []],
  ["woken", []],
])("the rules' entry %s makes %j", (kind, causes) => expect(causesOf([change(testAlert(), kind)])).toEqual(causes));

test("an update without an entry makes no event", () => {
  expect(causesOf([change(testAlert({ trend: "worse" }))])).toEqual([]);
});

test("a snooze that ends because the alert became worse makes an event, one that ends at its date does not", () => {
  const alert = testAlert();
  const woken = (detail: string) => ({ alert, isNew: false, events: [ruleEvent(alert, "woken", NOW, { detail })] });
  expect(causesOf([woken(BECAME_WORSE)])).toEqual(["worse"]);
  expect(causesOf([woken("The end date of the snooze is over.")])).toEqual([]);
});

test("an alert that is snoozed makes no event until its snooze ends", () => {
  const snooze = { untilWorse: false, minRise: 0, fromScore: 0.7, fromSeverity: "warning", actor: "jo" } as const;
  const snoozedUntil = new Date(NOW.getTime() + 1);
  expect(causesOf([change(testAlert({ snooze, snoozedUntil }), "escalated")])).toEqual([]);
  expect(causesOf([change(testAlert({ snooze, snoozedUntil: NOW }), "escalated")])).toEqual(["escalated"]);
});

test("two alerts about one supplier in one run make one event, named by the more urgent one", () => {
  const events = noticeEventsOf(
    [
      change(testAlert({ id: "b", owner: "jo", ruleId: "weekly-capacity", dimension: "impact" }), "raised"),
      change(testAlert({ id: "a", severity: "critical", riskScore: 0.9, scoreChange: 0.2 }), "escalated"),
      change(testAlert({ id: "c", supplierId: 2 }), "raised"),
    ],
    NOW,
  );
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({
    ...{ key: "run/8/supplier/1", cause: "escalated", severity: "critical", owner: "jo", alertIds: ["a", "b"] },
    ...{ score: 0.9, previousScore: expect.closeTo(0.7, 9) },
  });
});

test("an assignment to another person makes an event for that person, one to oneself does not", () => {
  const assigned = (owner: string, actor: string): AlertChange => {
    const alert = testAlert({ owner, version: 2 });
    return { alert, isNew: false, events: [{ ...ruleEvent(alert, "assigned", NOW), actor, seenVersion: 1 }] };
  };
  expect(noticeEventsOf([assigned("jane", "jo")], NOW)).toMatchObject([
    { key: `assigned/${testAlert().id}/2`, cause: "assigned", assignee: "jane", actor: "jo" },
  ]);
  expect(noticeEventsOf([assigned("jo", "jo")], NOW)).toEqual([]);
  expect(noticeEventsOf([assigned("", "jo")], NOW)).toEqual([]);
});

test("the event of an assignment has the note for the new owner, at most 500 characters of it", () => {
  const noteOf = (note: string) => {
    const alert = testAlert({ owner: "jane", version: 2 });
    const events = [{ ...ruleEvent(alert, "assigned", NOW), actor: "jo", seenVersion: 1, note }];
    return noticeEventsOf([{ alert, isNew: false, events }], NOW)[0]?.note;
  };
  expect([noteOf(""), noteOf("Call them first.")]).toEqual([undefined, "Call them first."]);
  expect(noteOf(`${"x".repeat(499)}😀`)).toBe("x".repeat(499));
});

test("an alert that nobody takes makes one event for each time that it was opened", () => {
  const key = (raisedAt: Date) => notTakenEvent(testAlert({ raisedAt }), NOW).key;
  expect(key(new Date(1))).toBe(key(new Date(1)));
  expect(key(new Date(1))).not.toBe(key(new Date(2)));
});
