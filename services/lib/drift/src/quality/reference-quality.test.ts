import { expect, test } from "vitest";
import { randomOf, simulateOutcomes } from "../../test/simulated-outcomes.ts";
import { type LabelledRows, selectRows } from "./labelled-rows.ts";
import { measureQuality } from "./measure-quality.ts";

const simulated = simulateOutcomes(randomOf("reference"), { suppliers: 120, weeks: 3, level: -1, constant: 1 });

/** Returns the simulated rows with scores of another version. */
const compared = (scores: Float64Array, shares = simulated.capacityShares): LabelledRows => ({
  ...simulated,
  reference: { scores, flags: scores.map((score) => (score >= 0.5 ? 1 : 0)), capacityShares: shares },
});

test("rows without another version have no comparison", () => {
  expect(measureQuality(simulated, 0.5).reference).toBeNull();
});

test("a version that gives the same scores has the same figures, and every difference is 0", () => {
  const { reference, ...model } = measureQuality(compared(simulated.scores), 0.5);
  expect(reference?.rows).toBe(model.rows);
  for (const figure of ["auc", "averagePrecision", "brier", "logLoss"] as const)
    expect([figure, reference?.[figure]]).toEqual([figure, model[figure]]);
  expect(reference?.atThreshold).toEqual(model.atThreshold);
  expect(reference?.atCapacity).toMatchObject(model.atCapacity);
  expect(reference?.aucDifference).toMatchObject({ value: 0, low: 0, high: 0 });
  expect(reference?.atCapacity?.precisionDifference.value).toBe(0);
});

test("only the rows that both versions have scored are compared, with the figures of the model on these rows", () => {
  const scores = simulated.scores.map((score, i) => (i % 3 === 0 ? Number.NaN : 1 - score));
  const { reference } = measureQuality(compared(scores), 0.5);
  const both = Uint32Array.from(simulated.scores.keys()).filter((i) => i % 3 !== 0);
  const model = measureQuality(selectRows(simulated, both), 0.5);
  expect(reference?.rows).toBe(both.length);
  // The other version orders the suppliers the other way round.
  expect(reference?.auc.value).toBeCloseTo(1 - (model.auc.value ?? Number.NaN), 10);
  expect(reference?.aucDifference.value).toBeCloseTo(2 * (model.auc.value ?? Number.NaN) - 1, 10);
  expect(reference?.brierDifference.low).toBeLessThan(reference?.brierDifference.value ?? Number.NaN);
});

test("without known places at capacity, and without any scored row, what cannot be measured is null", () => {
  const unknown = new Float64Array(simulated.scores.length).fill(Number.NaN);
  expect(measureQuality(compared(simulated.scores, unknown), 0.5).reference?.atCapacity).toBeNull();
  const { reference } = measureQuality(compared(unknown), 0.5);
  expect(reference).toMatchObject({ rows: 0, auc: { value: null, low: null }, brierDifference: { value: null } });
});

test("too few suppliers of a class on the compared rows have figures without intervals", () => {
  let positives = 0;
  const scores = simulated.scores.map((score, i) =>
    simulated.labels[i] === 1 && ++positives > 5 ? Number.NaN : score,
  );
  const { auc, reference } = measureQuality(compared(scores), 0.5);
  expect(auc.low).not.toBeNull();
  expect(reference?.auc.value).not.toBeNull();
  expect(reference?.auc.low).toBeNull();
  expect(reference?.aucDifference.low).toBeNull();
});
