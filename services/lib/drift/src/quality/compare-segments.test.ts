import { expect, test } from "vitest";
import { randomOf, simulateOutcomes } from "../../test/simulated-outcomes.ts";
import { compareSegments } from "./compare-segments.ts";

const OPTIONS = { threshold: 0.2, maxSegments: 20 };
const WEEK = { suppliers: 2_000, weeks: 1, level: -2, constant: 1 };

test("in 100 weeks without a difference, at most one in ten has a flag", () => {
  const random = randomOf("segments");
  let flagged = 0;
  for (let week = 0; week < 100; week++) {
    const rows = simulateOutcomes(random, WEEK);
    const regions = Array.from(rows.scores, () => `region ${random.below(6)}`);
    const sizes = Array.from(rows.scores, () => `size ${random.below(4)}`);
    const dimensions = [
      { name: "region", segmentOf: regions },
      { name: "size", segmentOf: sizes },
    ];
    const { segments } = compareSegments(rows, dimensions, OPTIONS);
    if (segments.some(({ differences }) => differences.some(({ isFlagged }) => isFlagged))) flagged++;
  }
  expect(flagged).toBeLessThanOrEqual(10);
}, 60_000);

test("a region whose scores are noise, and one whose scores are too high, are flagged", () => {
  const random = randomOf("planted");
  const rows = simulateOutcomes(random, WEEK);
  const segmentOf = Array.from(rows.scores, (_, i) => ["noise", "high", "c", "d"][i % 4] ?? "");
  const scores = rows.scores.map((score, i) =>
    i % 4 === 0 ? (rows.scores[random.below(2_000)] ?? 0) : i % 4 === 1 ? Math.min(1, score + 0.15) : score,
  );
  const { segments, leftOut } = compareSegments({ ...rows, scores }, [{ name: "region", segmentOf }], OPTIONS);
  const flags = segments.flatMap(({ segment, differences }) =>
    differences.filter(({ isFlagged }) => isFlagged).map(({ figure }) => `${segment} ${figure}`),
  );
  expect(flags).toContain("noise auc");
  expect(flags).toContain("high calibration_gap");
  expect(leftOut).toEqual({});
});

test("segments with few suppliers are measured but not compared, and the smallest are left out and counted", () => {
  const rows = simulateOutcomes(randomOf("small"), { ...WEEK, suppliers: 200 });
  const segmentOf = Array.from(rows.scores, (_, i) => (i < 6 ? `rare ${i}` : "usual"));
  const { segments, leftOut } = compareSegments(rows, [{ name: "category", segmentOf }], {
    threshold: 0.2,
    maxSegments: 3,
  });
  expect(segments.map(({ segment, differences }) => [segment, differences.length])).toEqual([
    ["usual", 0],
    ["rare 0", 0],
    ["rare 1", 0],
  ]);
  expect(leftOut).toEqual({ category: 4 });
});
