import { OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pointsOf } from "./score-points.ts";

const { MARGIN, PROBABILITY, RAW } = OutputSpace;

test("a contribution that takes the odds from 1 : 1 to 3 : 1 is 25 points", () => {
  expect(pointsOf(Math.log(3), 0.75, MARGIN)).toBeCloseTo(25, 10);
  expect(pointsOf(-Math.log(3), 0.25, MARGIN)).toBeCloseTo(-25, 10);
  expect(pointsOf(0, 0.4, MARGIN)).toBeCloseTo(0, 10);
});

test("the contribution of a model of probabilities is already in probability", () => {
  expect(pointsOf(0.12, 0.9, PROBABILITY)).toBeCloseTo(12, 10);
  expect(pointsOf(0.12, 0.9, RAW)).toBeUndefined();
});

test("points are finite, within 100, and have the sign of the contribution", () => {
  const values = fc.double({ min: -50, max: 50, noNaN: true });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (contribution, score) => {
      const points = pointsOf(contribution, score, MARGIN) ?? Number.NaN;
      expect(Math.abs(points)).toBeLessThanOrEqual(100);
      expect(points * contribution).toBeGreaterThanOrEqual(-1e-9);
    }),
  );
});
