import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { singleFeatureBaseline } from "./baseline.ts";
import { aucInterval } from "./bootstrap.ts";
import { evaluateScores } from "./evaluation.ts";
import { averagePrecision, brierScore, calibrationTable, createRanking, logLoss, precisionAtK } from "./metrics.ts";

test("AUC equals the count over all pairs, where ties count one half", () => {
  const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 5 }), label: fc.integer({ min: 0, max: 1 }) }), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, (made) => {
      let won = 0;
      let pairs = 0;
      for (const p of made.filter((r) => r.label === 1)) {
        for (const n of made.filter((r) => r.label === 0)) {
          pairs++;
          won += p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0;
        }
      }
      const auc = createRanking(
        Float64Array.from(made, (r) => r.score),
        Uint8Array.from(made, (r) => r.label),
      ).auc();
      if (pairs === 0) expect(auc).toBeNaN();
      else expect(auc).toBeCloseTo(won / pairs, 12);
    }),
  );
});

test("average precision, Brier score and calibration equal those of a small case calculated by hand", () => {
  const scores = Float64Array.of(0.9, 0.8, 0.4, 0.1);
  const labels = Uint8Array.of(1, 0, 1, 0);
  expect(averagePrecision(scores, labels)).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(brierScore(scores, labels)).toBeCloseTo((0.01 + 0.64 + 0.36 + 0.01) / 4, 12);
  expect(calibrationTable(scores, labels)[9]).toMatchObject({ rows: 1, predicted: 0.9, observed: 1 });
});

test("the interval contains the figure, narrows with more suppliers, and is the same for the same seed", () => {
  const random = createRandom(5);
  const make = (suppliers: number) => {
    const ids = Array.from({ length: suppliers * 4 }, (_, i) => `s${i >> 2}`);
    const labels = new Uint8Array(ids.length).map(() => (random.uniform() < 0.4 ? 1 : 0));
    const scores = Float64Array.from(labels, (label) => label + random.normal());
    return { ids, labels, scores };
  };
  const width = (data: ReturnType<typeof make>): number => {
    const interval = aucInterval(data.scores, data.labels, data.ids, 1);
    const auc = createRanking(data.scores, data.labels).auc();
    expect(interval).not.toBeNull();
    const [low, high] = interval ?? [1, 0];
    expect(low <= auc && auc <= high).toBe(true);
    expect(aucInterval(data.scores, data.labels, data.ids, 1)).toEqual(interval);
    return high - low;
  };
  expect(width(make(400))).toBeLessThan(width(make(20)));
  expect(aucInterval(Float64Array.of(1, 2), Uint8Array.of(1, 1), ["a", "b"], 1)).toBeNull();
});

test("the baseline is chosen on training rows and may rank in either direction", () => {
  const labels = Uint8Array.of(1, 1, 0, 0, 1, 0);
  const numbers = new Map([
    ["noise", Float64Array.of(1, 2, 1, 2, 1, 2)],
    ["falls", Float64Array.of(1, 2, 8, 9, Number.NaN, 7)],
  ]);
  const table = { rows: 6, supplierIds: [], asOfDays: null, numbers, categories: new Map(), texts: null, labels };
  const baseline = singleFeatureBaseline(
    table,
    labels,
    ["noise", "falls"],
    Uint32Array.of(0, 1, 2, 3),
    Uint32Array.of(4, 5),
  );
  expect(baseline).toEqual({ feature: "falls", direction: "lower", auc: 0 });
});

test("an evaluation counts rows, positives and suppliers, and compares with the training rate", () => {
  const evaluation = evaluateScores(
    Float64Array.of(0.9, 0.2, 0.4, 0.1),
    Uint8Array.of(1, 0, 1, 0),
    ["a", "b", "a", "c"],
    {
      trainingRate: 0.25,
      baseline: null,
      seed: 1,
    },
  );
  expect(evaluation).toMatchObject({
    rows: 4,
    positives: 2,
    suppliers: 3,
    auc: 1,
    averagePrecision: 1,
    baseline: null,
  });
  expect(evaluation.baseRateBrier).toBeCloseTo((2 * 0.75 ** 2 + 2 * 0.25 ** 2) / 4, 12);
  expect(evaluation.calibration.reduce((sum, bin) => sum + bin.rows, 0)).toBe(4);
});

test("scores of 0 and 1 belong to the first and the last bin", () => {
  const bins = calibrationTable(Float64Array.of(0, 1, 0.95), Uint8Array.of(0, 1, 1));
  expect(bins.map((bin) => bin.rows)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(bins[4]?.predicted).toBeNaN();
});

test("log loss of probabilities near 0 or 1 and of 0.5 equals that calculated by hand", () => {
  expect(logLoss(Float64Array.of(0.5, 0.5), Uint8Array.of(0, 1))).toBeCloseTo(Math.LN2, 12);
  expect(logLoss(Float64Array.of(0, 1), Uint8Array.of(0, 1))).toBeCloseTo(0, 12);
  expect(logLoss(Float64Array.of(1), Uint8Array.of(0))).toBeCloseTo(-Math.log(1e-15), 0);
});

test("precision at k counts a part of the rows that tie at the k-th score", () => {
  const scores = Float64Array.of(0.9, 0.5, 0.5, 0.5, 0.1);
  const labels = Uint8Array.of(1, 1, 0, 0, 1);
  expect(precisionAtK(scores, labels, 1).precision).toBe(1);
  expect(precisionAtK(scores, labels, 2).precision).toBeCloseTo((1 + 1 / 3) / 2, 12);
  expect(precisionAtK(scores, labels, 4).precision).toBeCloseTo(0.5, 12);
  expect(precisionAtK(scores, labels, 5).precision).toBeCloseTo(0.6, 12);
});
