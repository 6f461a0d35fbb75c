import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completeEvaluation, type Evaluation, type FourEvaluations, splitOutput, splitScore } from "./split-change.ts";

const NAMES = ["a", "b", "c", "d"];
const size = fc.double({ min: -5, max: 5, noNaN: true });
/** An evaluation whose contributions add up to the output but for the rounding of float32. */
const evaluation = (base: number): fc.Arbitrary<Evaluation> =>
  fc
    .record({ parts: fc.array(size, { minLength: 4, maxLength: 4 }), used: fc.subarray(NAMES) })
    .map(({ parts, used }) => {
      const contributions = new Map(used.map((name) => [name, Math.fround(parts[NAMES.indexOf(name)] ?? 0)]));
      const output = Math.fround([...contributions.values()].reduce((sum, part) => sum + part, base));
      return completeEvaluation({ base, contributions, output });
    });
const four: fc.Arbitrary<FourEvaluations> = fc.record({
  beforeInOld: evaluation(-1.25),
  afterInOld: evaluation(-1.25),
  beforeInNew: evaluation(0.3),
  afterInNew: evaluation(0.3),
});
const swapped = ({ beforeInOld, beforeInNew, afterInOld, afterInNew }: FourEvaluations): FourEvaluations => ({
  beforeInOld: afterInNew,
  beforeInNew: afterInOld,
  afterInOld: beforeInNew,
  afterInNew: beforeInOld,
});

describe("a change of the output", () => {
  test("is the sum of its parts within 1e-9, also where outputs are rounded to float32", () => {
    fc.assert(
      fc.property(four, (scores) => {
        const { change, parts, base } = splitOutput(scores);
        const sum = [...parts.values()].reduce((total, { data, model }) => total + data + model, base);
        expect(Math.abs(sum - change)).toBeLessThan(1e-9);
      }),
    );
  });

  test("changes only its signs when before and after are exchanged", () => {
    fc.assert(
      fc.property(four, (scores) => {
        const [there, back] = [splitOutput(scores), splitOutput(swapped(scores))];
        expect(back.base).toBeCloseTo(-there.base, 9);
        for (const [name, { data, model }] of there.parts) {
          expect(back.parts.get(name)?.data).toBeCloseTo(-data, 9);
          expect(back.parts.get(name)?.model).toBeCloseTo(-model, 9);
        }
      }),
    );
  });

  test("has no data part for equal data, and no model part for equal versions", () => {
    fc.assert(
      fc.property(evaluation(1), evaluation(2), (one, other) => {
        const data = { beforeInOld: one, afterInOld: one, beforeInNew: other, afterInNew: other };
        for (const { data: part } of splitOutput(data).parts.values()) expect(part).toBe(0);
        const model = { beforeInOld: one, beforeInNew: one, afterInOld: other, afterInNew: other };
        for (const { model: part } of splitOutput(model).parts.values()) expect(part).toBe(0);
      }),
    );
  });

  test("of two versions without contributions is a part of the base", () => {
    const flat = (output: number) => completeEvaluation({ base: 0.5, contributions: new Map(), output });
    const [old, now] = [flat(0.25), flat(0.75)];
    const scores = { beforeInOld: old, afterInOld: old, beforeInNew: now, afterInNew: now };
    expect(splitOutput(scores)).toEqual({ change: 0.5, parts: new Map(), base: 0.5 });
  });
});

describe("a change of the risk score", () => {
  const logistic = (slope: number, intercept: number) => (x: number) => 1 / (1 + Math.exp(-(slope * x + intercept)));
  const steps = (x: number): number => Math.min(1, Math.max(0, x < 0 ? 0.2 + 0.1 * x : 0.2 + 5 * x));
  const risks = [logistic(1, 0), logistic(0.4, -1), steps];

  test.each(risks.flatMap((old, i) => risks.map((now, k) => [i, k, old, now] as const)))(
    "from calibration %d to %d is the calibration and the slope times the change of the output",
    (_i, _k, old, now) => {
      fc.assert(
        fc.property(size, size, (before, after) => {
          const { change, calibration, slope } = splitScore(before, after, old, now);
          expect(Math.abs(calibration + slope * (after - before) - change)).toBeLessThan(1e-9);
          expect(slope).toBeGreaterThanOrEqual(-1e-9);
          const back = splitScore(after, before, now, old);
          expect(back.calibration).toBeCloseTo(-calibration, 12);
          expect(back.change).toBeCloseTo(-change, 12);
        }),
      );
    },
  );

  test("with equal calibrations has no part of the calibration", () => {
    expect(splitScore(-1, 2, logistic(1, 0), logistic(1, 0)).calibration).toBe(0);
  });

  test("between equal outputs divides parts that cancel each other by the slope of the curve", () => {
    const { change, slope } = splitScore(0, 0, logistic(1, 0), logistic(1, 0));
    expect([change, slope]).toEqual([0, expect.closeTo(0.25, 6)]);
  });
});
