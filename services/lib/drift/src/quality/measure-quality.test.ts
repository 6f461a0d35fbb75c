import { expect, test } from "vitest";
import { randomOf, simulateOutcomes } from "../../test/simulated-outcomes.ts";
import { aucFigure, averagePrecisionFigure } from "./figure.ts";
import { type LabelledRows, selectRows } from "./labelled-rows.ts";
import { measureQuality } from "./measure-quality.ts";
import { rankRows } from "./ranking.ts";

/** Returns rows of one supplier each. */
function rowsOf(scores: readonly number[], labels: readonly number[], over: Partial<LabelledRows> = {}): LabelledRows {
  return {
    scores: Float64Array.from(scores),
    labels: Uint8Array.from(labels),
    weights: new Float64Array(scores.length).fill(1),
    clusterOf: Uint32Array.from(scores.keys()),
    clusters: scores.length,
    capacityShares: new Float64Array(scores.length),
    baseRates: new Float64Array(scores.length).fill(Number.NaN),
    lastLabels: new Int8Array(scores.length).fill(-1),
    ...over,
  };
}

test("figures of a small case equal those calculated by hand", () => {
  const rows = rowsOf([0.9, 0.8, 0.4, 0.1], [1, 0, 1, 0], {
    capacityShares: Float64Array.of(1, 1, 0, 0),
    lastLabels: Int8Array.of(1, 0, -1, 0),
    baseRates: new Float64Array(4).fill(0.5),
  });
  const quality = measureQuality(rows, 0.4);
  expect(quality).toMatchObject({ rows: 4, positives: 2, suppliers: 4, effectiveRows: 4 });
  expect(quality.auc.value).toBeCloseTo(3 / 4, 12);
  expect(quality.averagePrecision.value).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(quality.brier.value).toBeCloseTo((0.01 + 0.64 + 0.36 + 0.01) / 4, 12);
  expect(quality.calibrationGap.value).toBeCloseTo((2 - 2.2) / 4, 12);
  expect(quality.atThreshold).toMatchObject({ flagged: 3, recall: { value: 1 } });
  expect(quality.atThreshold.precision.value).toBeCloseTo(2 / 3, 12);
  expect([quality.atCapacity.precision.value, quality.atCapacity.recall.value]).toEqual([0.5, 0.5]);
  expect(quality.baseline.lastLabelAuc.value).toBe(1);
  expect(quality.baseline.aucDifference.value).toBeCloseTo(-0.25, 12);
  expect(quality.baseline.baseRateBrier.value).toBe(0.25);
  expect(quality.baseline.baseRateLogLoss.value).toBeCloseTo(Math.LN2, 12);
  expect(quality.calibration.map(({ rows }) => rows)).toEqual([0, 1, 0, 0, 1, 0, 0, 0, 1, 1]);
});

test("a row of weight 3 counts as three equal rows", () => {
  const weighted = rowsOf([0.9, 0.5, 0.5, 0.1], [1, 0, 1, 0], { weights: Float64Array.of(1, 3, 1, 1) });
  const repeated = rowsOf([0.9, 0.5, 0.5, 0.5, 0.5, 0.1], [1, 0, 0, 0, 1, 0]);
  const [a, b] = [measureQuality(weighted, 0.5), measureQuality(repeated, 0.5)];
  for (const figure of ["auc", "averagePrecision", "brier", "logLoss", "observedRate"] as const)
    expect([figure, a[figure].value]).toEqual([figure, expect.closeTo(b[figure].value ?? Number.NaN, 12)]);
  expect(a.atThreshold.precision.value).toBeCloseTo(2 / 5, 12);
});

test("the influence of a row is the change of the figure when its weight changes", () => {
  const rows = selectRows(
    simulateOutcomes(randomOf("influence"), { suppliers: 60, weeks: 1, level: -1, constant: 1 }),
    Uint32Array.from({ length: 60 }, (_, i) => i),
  );
  // Ties, as scores of few trees have them.
  const ranking = rankRows(rows.scores.map((score) => Math.round(score * 8) / 8));
  for (const figure of [aucFigure, averagePrecisionFigure]) {
    const { value, influence } = figure(ranking, rows);
    expect(influence.reduce((sum, change) => sum + change, 0)).toBeCloseTo(0, 12);
    for (const row of [0, 7, 31, 59]) {
      const step = 1e-6;
      const weights = rows.weights.map((weight, i) => (i === row ? weight + step : weight));
      const moved = figure(ranking, { labels: rows.labels, weights });
      expect((moved.value - value) / step).toBeCloseTo(influence[row] ?? Number.NaN, 5);
    }
  }
});

test("without rows, with one class only and with three outcomes, figures are left out and the note says why", () => {
  const none = measureQuality(rowsOf([], []), 0.5);
  expect(none).toMatchObject({ rows: 0, meanScore: null, effectiveRows: 0, note: "no outcome is known" });
  expect(none.auc).toEqual({ value: null, low: null, high: null });
  const negative = measureQuality(rowsOf([0.2, 0.4], [0, 0]), 0.5);
  expect([negative.auc.value, negative.averagePrecision.value, negative.brier.value]).toEqual([
    null,
    null,
    expect.closeTo(0.1, 12),
  ]);
  expect(negative.note).toContain("occurred at no supplier");
  expect(measureQuality(rowsOf([0.2, 0.4], [1, 1]), 0.5).note).toContain("at every supplier");
  const three = measureQuality(rowsOf([0.9, 0.2, 0.4], [1, 0, 0]), 0.5);
  expect(three.auc).toEqual({ value: 1, low: null, high: null });
  expect(three.note).toBe("no intervals: they need 10 suppliers with the risk, and there are 1");
});

test("rows of one supplier count once for the width of an interval", () => {
  const random = randomOf("copies");
  const single = simulateOutcomes(random, { suppliers: 300, weeks: 1, level: -1, constant: 1 });
  const twice = selectRows(
    single,
    Uint32Array.from({ length: 600 }, (_, i) => i % 300),
  );
  const [a, b] = [measureQuality(single, 0.5), measureQuality(twice, 0.5)];
  expect(b.auc.low).toBeCloseTo(a.auc.low ?? Number.NaN, 10);
  expect(b).toMatchObject({ rows: 600, suppliers: 300 });
});

test("a precision of 1 among three flagged suppliers has the interval of three, however many others there are", () => {
  const scores = [0.9, 0.9, 0.9, ...Array.from({ length: 500 }, (_, i) => i / 1_000)];
  const labels = [1, 1, 1, ...Array.from({ length: 500 }, (_, i) => (i % 25 === 0 ? 1 : 0))];
  const { precision } = measureQuality(rowsOf(scores, labels), 0.8).atThreshold;
  expect(precision.value).toBe(1);
  expect(precision.low).toBeCloseTo(0.025 ** (1 / 3), 6);
});
