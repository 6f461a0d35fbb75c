import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { compareScores } from "./compare-scores.ts";

const ROWS = 600;
const random = createRandom(4, "compare");
const truth = new Float64Array(ROWS).map(() => random.normal());
const labels = Uint8Array.from(truth, (x) => (random.uniform() < 1 / (1 + Math.exp(1 - x)) ? 1 : 0));
const suppliers = Array.from({ length: ROWS }, (_, row) => `s${row % 150}`);
const scoresOf = (slope: number, noise: number) =>
  truth.map((x) => 1 / (1 + Math.exp(1 - slope * x - noise * random.normal())));

test("a better model differs significantly in every figure", () => {
  const { auc, brier, logLoss, ...counts } = compareScores(scoresOf(0, 1), scoresOf(1, 0), labels, suppliers, 1);
  expect(counts).toEqual({ rows: ROWS, positives: labels.reduce((sum, label) => sum + label, 0), suppliers: 150 });
  expect(auc.interval?.[0]).toBeGreaterThan(0);
  expect(brier.interval?.[1]).toBeLessThan(0);
  expect(logLoss.interval?.[1]).toBeLessThan(0);
  expect(auc.difference).toBeCloseTo(auc.second - auc.first, 12);
});

test("a model compared with itself has differences of exactly 0", () => {
  const same = scoresOf(1, 0.5);
  const { auc, brier } = compareScores(same, same, labels, suppliers, 1);
  expect([auc.difference, auc.interval, brier.interval]).toEqual([0, [0, 0], [0, 0]]);
});

test("one supplier has no interval", () => {
  const same = scoresOf(1, 0);
  expect(compareScores(same, same, labels, Array(ROWS).fill("s"), 1).auc.interval).toBeNull();
});
