import { expect, test } from "vitest";
import { type RuleWeek, runsInARow, weeksSinceResolved } from "./runs-in-a-row.ts";

const DAY_MS = 86_400_000;

const week = (isoWeek: string, inputDigest = isoWeek, over: Partial<RuleWeek> = {}): RuleWeek => ({
  ...{ runId: Number(isoWeek.replace("-W", "")), isoWeek, inputDigest, sourceDigest: "", completedMs: 0 },
  ...over,
});
const inARow = (weeks: readonly RuleWeek[], apart = 1) => runsInARow(weeks, apart).map(({ isoWeek }) => isoWeek);

test("runs of successive weeks are in a row, also across the end of a year with 53 weeks", () => {
  const weeks = ["2027-W01", "2026-W53", "2026-W52"].map((isoWeek) => week(isoWeek));
  expect(inARow(weeks)).toEqual(["2027-W01", "2026-W53", "2026-W52"]);
});

test("a week without a run ends the row, unless the rules allow runs that are further apart", () => {
  const weeks = ["2026-W40", "2026-W20", "2026-W19"].map((isoWeek) => week(isoWeek));
  expect(inARow(weeks)).toEqual(["2026-W40"]);
  const monthly = ["2026-W13", "2026-W09", "2026-W05"].map((isoWeek) => week(isoWeek));
  expect([inARow(monthly, 3), inARow(monthly, 4)]).toEqual([["2026-W13"], ["2026-W13", "2026-W09", "2026-W05"]]);
});

test("successive weeks with the same input count once, as the newest of them", () => {
  const weeks = [week("2026-W23", "b"), week("2026-W22", "a"), week("2026-W21", "a"), week("2026-W20", "a")];
  expect(inARow(weeks)).toEqual(["2026-W23", "2026-W22"]);
  const again = [week("2026-W23", "a"), week("2026-W22", "b"), week("2026-W21", "a")];
  expect(inARow(again)).toEqual(["2026-W23", "2026-W22", "2026-W21"]);
});

test("sources are compared when a snapshot is not recorded, and inputs that are not known count as different", () => {
  const sourceDigest = "s";
  const same = [week("2026-W23", "", { sourceDigest }), week("2026-W22", "a", { sourceDigest })];
  expect(inARow(same)).toEqual(["2026-W23"]);
  expect(inARow([week("2026-W23", ""), week("2026-W22", "")])).toEqual(["2026-W23", "2026-W22"]);
  // Two weeks of one source, of which the mapping made different snapshots.
  const asOf = [week("2026-W23", "a", { sourceDigest }), week("2026-W22", "b", { sourceDigest })];
  expect(inARow(asOf)).toEqual(["2026-W23", "2026-W22"]);
});

test("a cool-down begins with the newest week that was complete when the alert was resolved", () => {
  const weeks = [1, 2, 3].map((n) => week(`2026-W0${n}`, "", { runId: n, completedMs: n * 7 * DAY_MS }));
  const resolved = (ms: number, lastRunId = 0) => ({ resolvedAt: new Date(ms), lastRunId });
  expect(weeksSinceResolved(resolved(14 * DAY_MS), "2026-W05", weeks)).toBe(3);
  expect(weeksSinceResolved(resolved(14 * DAY_MS - 1), "2026-W05", weeks)).toBe(4);
  // Its rule resolved it in the run of W03, which was stored as complete a moment later.
  expect(weeksSinceResolved(resolved(21 * DAY_MS - 1, 3), "2026-W05", weeks)).toBe(2);
  expect(weeksSinceResolved(resolved(0), "2026-W05", weeks)).toBeNull();
});
