import fc from "fast-check";
import { expect, test } from "vitest";
import { lastFloat32Where, nextFloat32Above, nextFloat32Below } from "./float32.ts";

const SMALLEST = 2 ** -149;
const LARGEST = 3.4028234663852886e38;

test("finds the neighbours of zero, of the largest numbers and of the infinities", () => {
  expect(nextFloat32Below(0)).toBe(-SMALLEST);
  expect(nextFloat32Below(-0)).toBe(-SMALLEST);
  expect(nextFloat32Below(SMALLEST)).toBe(0);
  expect(nextFloat32Below(Number.POSITIVE_INFINITY)).toBe(LARGEST);
  expect(nextFloat32Below(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(nextFloat32Below(Number.NaN)).toBeNaN();
  expect(nextFloat32Above(LARGEST)).toBe(Number.POSITIVE_INFINITY);
  expect(nextFloat32Above(-SMALLEST)).toBe(-0);
});

test("finds the last float32 for which a condition is true", () => {
  expect(lastFloat32Where(() => true)).toBe(Number.POSITIVE_INFINITY);
  expect(lastFloat32Where(() => false)).toBeNaN();
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -3e38, max: 3e38 }), (t) => {
      const last = lastFloat32Where((x) => x <= t);
      expect(last).toBeLessThanOrEqual(t);
      expect(nextFloat32Above(last)).toBeGreaterThan(t);
    }),
  );
});
