import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { expect, test } from "vitest";
import { bandLimits, layOutScoreHistory } from "./score-history.ts";

const BOX = { left: 0, right: 100, top: 0, bottom: 50 };
const week = (isoWeek: string, riskScore?: number) => ({ isoWeek, riskScore, band: Band.LOW });

test("weeks are ordered from left to right whatever the order of the input, scores from bottom to top", () => {
  const { points, lines, weeks } = layOutScoreHistory(
    [week("2026-W47", 1), week("2026-W46", 0.5), week("2026-W45", 0)],
    BOX,
  );
  expect(points.map(({ x, y }) => [x, y])).toEqual([
    [0, 50],
    [50, 25],
    [100, 0],
  ]);
  expect(lines).toEqual(["M0.0 50.0L50.0 25.0L100.0 0.0"]);
  expect(weeks.map(({ isoWeek }) => isoWeek)).toEqual(["2026-W45", "2026-W47"]);
});

test("a week without a score interrupts the line, and a missing week keeps its space", () => {
  const { points, lines } = layOutScoreHistory(
    [
      week("2026-W41", 0.1),
      week("2026-W42", 0.2),
      week("2026-W43"),
      week("2026-W44", 0.4),
      week("2026-W45", 0.5),
      week("2026-W51", 1),
    ],
    BOX,
  );
  expect(lines).toHaveLength(2);
  expect(points.map(({ x }) => x)).toEqual([0, 10, 30, 40, 100]);
});

test("a single week is in the middle; no week, or only invalid weeks, draw nothing", () => {
  expect(layOutScoreHistory([week("2026-W45", 0.3)], BOX)).toMatchObject({
    points: [{ x: 50, y: 35 }],
    lines: [],
    weeks: [{ isoWeek: "2026-W45", x: 50 }],
  });
  for (const scores of [[], [week("soon", 0.5)]]) {
    expect(layOutScoreHistory(scores, BOX)).toMatchObject({ points: [], lines: [], weeks: [], marks: [] });
  }
  expect(layOutScoreHistory([week("2026-W45", Number.NaN)], BOX).points).toEqual([]);
});

test("a week with another model version than the week before is a model change", () => {
  const scores = ["v1", "v1", "v2"].map((version, i) => ({ ...week(`2026-W4${i}`, 0.5), model: { version } }));
  expect(layOutScoreHistory(scores, BOX).modelChanges).toEqual([{ x: 100, name: "v2" }]);
});

test("decisions are at their week, and those outside the axis are left out", () => {
  const scores = [week("2026-W40", 0.5), week("2026-W42", 0.5)];
  const marks = ["2026-W39", "2026-W41", "2026-W43", "soon"].map((isoWeek) => ({ isoWeek, text: "Resolved" }));
  expect(layOutScoreHistory(scores, BOX, marks).marks).toEqual([{ isoWeek: "2026-W41", text: "Resolved", x: 50 }]);
});

test("a band limit is between the scores on both sides of it; without both it is not known", () => {
  const scored = (riskScore: number, band: Band) => ({ riskScore, band });
  expect(bandLimits([scored(0.25, Band.LOW), scored(0.75, Band.MEDIUM)])).toEqual([{ band: Band.MEDIUM, score: 0.5 }]);
  expect(bandLimits([scored(0.9, Band.HIGH)])).toEqual([]);
  expect(bandLimits([scored(0.5, Band.LOW), scored(0.4, Band.HIGH)])).toEqual([]);
});

test("recorded band limits are drawn at their score, and a new line begins where a model version changes them", () => {
  const limits = (medium: number, high: number) => ({ bandLimits: { medium, high } });
  const before = { ...week("2026-W40", 0.5), ...limits(0.4, 0.7) };
  const after = ["2026-W41", "2026-W42"].map((isoWeek) => ({ ...week(isoWeek, 0.5), ...limits(0.4, 0.8) }));
  const lines = layOutScoreHistory([before, ...after], BOX).limits;
  expect(lines.map(({ band, score, isLatest }) => [band, score, isLatest])).toEqual([
    [Band.MEDIUM, 0.4, true],
    [Band.HIGH, 0.7, false],
    [Band.HIGH, 0.8, true],
  ]);
  expect(lines.map(({ x1, x2 }) => [x1, x2])).toEqual([
    [BOX.left, BOX.right],
    [BOX.left, 50],
    [50, BOX.right],
  ]);
});

test("without recorded limits the lines are estimated and have no score", () => {
  const scores = [week("2026-W40", 0.25), { ...week("2026-W41", 0.75), band: Band.MEDIUM }];
  const [line] = layOutScoreHistory(scores, BOX).limits;
  expect([line?.band, line?.score, line?.x1, line?.x2]).toEqual([Band.MEDIUM, undefined, BOX.left, BOX.right]);
});
