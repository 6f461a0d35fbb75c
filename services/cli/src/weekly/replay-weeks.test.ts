import { expect, test } from "vitest";
import { parseReplayStep, replayWeeks } from "./replay-weeks.ts";

test("every week, every n-th week and the last week of each month, both ends included", () => {
  expect(replayWeeks("2026-W52", "2027-W02", { weeks: 1 })).toEqual(["2026-W52", "2026-W53", "2027-W01", "2027-W02"]);
  expect(replayWeeks("2026-W52", "2027-W02", { weeks: 2 })).toEqual(["2026-W52", "2027-W01"]);
  expect(replayWeeks("2026-W47", "2026-W47", { weeks: 1 })).toEqual(["2026-W47"]);
  // Sundays 25 January, 22 February and 29 March 2026.
  expect(replayWeeks("2026-W01", "2026-W13", "month")).toEqual(["2026-W04", "2026-W08", "2026-W13"]);
  expect(replayWeeks("2008-W05", "2013-W52", "month")).toHaveLength(71);
});

test("weeks in the wrong order, without the end of a month, or too many are rejected with the options", () => {
  expect(() => replayWeeks("2026-W02", "2026-W01", { weeks: 1 })).toThrow("--from 2026-W02 is after --to 2026-W01");
  expect(() => replayWeeks("2026-W01", "2026-W02", "month")).toThrow("no week that ends a month is between");
  expect(() => replayWeeks("1990-W01", "2026-W01", { weeks: 1 })).toThrow("are more than 1600 weeks");
});

test("steps are 1w to 52w and 1month", () => {
  expect(["1w", "52w", "1month"].map(parseReplayStep)).toEqual([{ weeks: 1 }, { weeks: 52 }, "month"]);
  expect(["0w", "53w", "w", "1", "2month", "1W", ""].map(parseReplayStep)).toEqual(Array(7).fill(null));
});
