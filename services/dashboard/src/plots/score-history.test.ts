import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { expect, test } from "vitest";
import { layOutScoreHistory } from "./score-history.ts";

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
    expect(layOutScoreHistory(scores, BOX)).toEqual({ points: [], lines: [], weeks: [] });
  }
  expect(layOutScoreHistory([week("2026-W45", Number.NaN)], BOX).points).toEqual([]);
});
