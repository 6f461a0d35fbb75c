import { expect, test } from "vitest";
import { randomOf, simulateOutcomes } from "../../test/simulated-outcomes.ts";
import { calibrationErrorFigure } from "./calibration-error.ts";
import { rankRows } from "./ranking.ts";

const errorOf = (scores: readonly number[], labels: readonly number[], weights = scores.map(() => 1)) =>
  calibrationErrorFigure(rankRows(Float64Array.from(scores)), {
    scores: Float64Array.from(scores),
    labels: Uint8Array.from(labels),
    weights: Float64Array.from(weights),
  });

test("equal scores are one bin, whose gap is the error", () => {
  expect(errorOf([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0]).value).toBeCloseTo(0.25, 12);
  expect(errorOf([0.2, 0.8], [0, 1]).value).toBeCloseTo(0.2, 12);
  expect(errorOf([], []).value).toBeNaN();
});

test("a score that is too high by 0.1 everywhere has about 0.1 more error", () => {
  const { scores, labels, weights } = simulateOutcomes(randomOf("ece"), {
    ...{ suppliers: 20_000, weeks: 1, level: -1, constant: 1 },
  });
  const high = scores.map((score) => Math.min(1, score + 0.1));
  const before = calibrationErrorFigure(rankRows(scores), { scores, labels, weights }).value;
  const after = calibrationErrorFigure(rankRows(high), { scores: high, labels, weights }).value;
  expect(before).toBeLessThan(0.04);
  expect(after).toBeGreaterThan(0.06);
});

test("the influence sums to 0, and is the change when a weight changes within its bin", () => {
  const { scores, labels, weights } = simulateOutcomes(randomOf("ece influence"), {
    ...{ suppliers: 97, weeks: 1, level: -1, constant: 1 },
  });
  const ranking = rankRows(scores);
  const { value, influence } = calibrationErrorFigure(ranking, { scores, labels, weights });
  expect(influence.reduce((sum, change) => sum + change, 0)).toBeCloseTo(0, 12);
  const step = 1e-7;
  for (const row of [0, 17, 60]) {
    const changed = weights.map((weight, i) => (i === row ? weight + step : weight));
    const moved = calibrationErrorFigure(ranking, { scores, labels, weights: changed }).value;
    expect((moved - value) / step).toBeCloseTo(influence[row] ?? Number.NaN, 5);
  }
});
