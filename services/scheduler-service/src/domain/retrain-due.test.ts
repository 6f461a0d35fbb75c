import { DEFAULT_RETRAIN, type RetrainPolicy } from "@bellwether/config/retrain-policy";
import { isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { expect, test } from "vitest";
import { type DueFacts, findDueRetrain, windowUntil } from "./retrain-due.ts";

const NEWEST = "2026-W40";
const NOW = Date.parse("2026-10-05T08:00:00Z");
const DAY_MS = 86_400_000;
const weeks = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => isoWeekOfNumber((isoWeekNumber(from) ?? 0) + i));

interface Given {
  readonly policy?: Partial<RetrainPolicy>;
  readonly facts?: Partial<DueFacts>;
  readonly labelDays?: number;
}

/** A model with ten weeks, nine of which have known labels; nothing is due. */
const find = ({ policy, facts, labelDays = 7 }: Given = {}) =>
  findDueRetrain(
    { ...DEFAULT_RETRAIN, ...policy },
    {
      last: null,
      hasOutcomes: () => Promise.resolve(true),
      newestWeek: () => Promise.resolve({ week: NEWEST, driftAlarms: [] }),
      weeksIn: () => Promise.resolve(weeks("2026-W31", 10)),
      countOutcomesSince: () => Promise.resolve(0),
      newestVersionMs: () => Promise.resolve(NOW - DAY_MS),
      ...facts,
    },
    labelDays,
    NOW,
  );

const alarms = (...driftAlarms: string[]): Partial<DueFacts> => ({
  newestWeek: () => Promise.resolve({ week: NEWEST, driftAlarms }),
});

test.each([
  ["without a condition", {}, "neither drift, new outcomes nor the age"],
  ["by hand only", { policy: { isAutomatic: false } }, "by_hand"],
  ["without outcomes", { facts: { ...alarms("a"), hasOutcomes: () => Promise.resolve(false) } }, "no outcome"],
  ["without a complete week", { facts: { newestWeek: () => Promise.resolve(null) } }, "no week is complete"],
  ["with too few known labels", { labelDays: 14 + 7, facts: alarms("a") }, "the labels of 7 weeks from"],
  ["with exactly one week too few", { policy: { minWeeks: 10 }, facts: alarms("a") }, "the labels of 9 weeks from"],
])("nothing is due %s, with the reason", async (_, given, reason) => {
  expect(await find(given)).toEqual({ due: null, waits: expect.stringContaining(reason) });
});

test("drift is due from its number of alarms on, once for each week, and names the features", async () => {
  expect((await find({ facts: alarms("delay", "region") })).due).toEqual({
    trigger: "drift",
    reason: `${NEWEST} has 2 drift alarms against the training rows (delay, region)`,
    window: { from: "2025-W40", to: NEWEST },
  });
  expect((await find({ policy: { driftAlarms: 2 }, facts: alarms("delay") })).due).toBeNull();
  expect((await find({ policy: { driftAlarms: 0 }, facts: alarms("delay") })).due).toBeNull();
  const last = { beganMs: NOW - 30 * DAY_MS, toWeek: NEWEST };
  expect((await find({ facts: { ...alarms("delay"), last } })).due).toBeNull();
  expect((await find({ facts: { ...alarms("delay"), last: { ...last, toWeek: "2026-W39" } } })).due).not.toBeNull();
});

test("outcomes are due from their number on, counted since the last retrain began", async () => {
  const asked: unknown[] = [];
  const count = (found: number) => ({
    countOutcomesSince: (sinceMs: number, atMost: number) => {
      asked.push([sinceMs, atMost]);
      return Promise.resolve(Math.min(found, atMost));
    },
  });
  expect((await find({ facts: count(499) })).due).toBeNull();
  expect((await find({ facts: count(500) })).due).toMatchObject({ trigger: "outcomes" });
  const last = { beganMs: NOW - 8 * DAY_MS, toWeek: NEWEST };
  expect((await find({ facts: { ...count(500), last } })).due?.reason).toBe(
    "500 or more outcomes were recorded since 2026-09-27",
  );
  expect(asked).toEqual([
    [0, 500],
    [0, 500],
    [last.beganMs, 500],
  ]);
  expect((await find({ policy: { newOutcomes: 0 }, facts: count(500) })).due).toBeNull();
});

test("age is due at its number of days, and not without a version", async () => {
  const published = (days: number | null) => ({
    newestVersionMs: () => Promise.resolve(days === null ? null : NOW - days * DAY_MS),
  });
  expect((await find({ facts: published(89.9) })).due).toBeNull();
  expect((await find({ facts: published(90) })).due).toMatchObject({ trigger: "age" });
  expect((await find({ facts: published(null) })).due).toBeNull();
  expect((await find({ policy: { maxAgeDays: 0 }, facts: published(900) })).due).toBeNull();
});

test("a retrain that began a short time ago stops all others, and nothing is read", async () => {
  const unread = () => Promise.reject(new Error("read"));
  const last = { beganMs: NOW - 7 * DAY_MS + 1, toWeek: "2026-W39" };
  const facts = { last, hasOutcomes: unread, newestWeek: unread };
  expect((await find({ facts })).waits).toBe(
    "the last retrain began on 2026-09-28, the next one begins on 2026-10-05 or later",
  );
  const before = { last: { ...last, beganMs: NOW - 7 * DAY_MS } };
  expect((await find({ facts: { ...alarms("a"), ...before } })).due).not.toBeNull();
});

test("a window of one year crosses the end of a year", () => {
  expect(windowUntil("2026-W02", 4)).toEqual({ from: "2025-W51", to: "2026-W02" });
});
