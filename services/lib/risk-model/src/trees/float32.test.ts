import fc from "fast-check";
import { expect, test } from "vitest";
import { belowAsFloat32, floorToFloat32, lastFloat32Where, nextFloat32Above, nextFloat32Below } from "./float32.ts";

const SMALLEST = 2 ** -149;
const LARGEST = 3.4028234663852886e38;

test("steps over zero, the limits and the infinities", () => {
  expect(nextFloat32Below(0)).toBe(-SMALLEST);
  expect(nextFloat32Below(-0)).toBe(-SMALLEST);
  expect(nextFloat32Below(SMALLEST)).toBe(0);
  expect(nextFloat32Below(Number.POSITIVE_INFINITY)).toBe(LARGEST);
  expect(nextFloat32Below(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(nextFloat32Below(Number.NaN)).toBeNaN();
  expect(nextFloat32Above(LARGEST)).toBe(Number.POSITIVE_INFINITY);
  expect(nextFloat32Above(-SMALLEST)).toBe(-0);
});

test("rounds doubles beyond the float32 range to the nearest limit below", () => {
  expect(floorToFloat32(1e300)).toBe(LARGEST);
  expect(floorToFloat32(-1e300)).toBe(Number.NEGATIVE_INFINITY);
  expect(floorToFloat32(0.1)).toBeLessThan(0.1);
});

test("a float32 row answers ≤ and < as it would against the double threshold", () => {
  const row = fc.float();
  const threshold = fc.oneof(fc.double(), fc.float(), row.map(nextFloat32Below));
  fc.assert(
    fc.property(row, threshold, (x, t) => {
      expect(x <= floorToFloat32(t)).toBe(x <= t);
      if (t !== Number.NEGATIVE_INFINITY) expect(x <= belowAsFloat32(t)).toBe(x < t);
      expect(t <= floorToFloat32(t)).toBe(t === floorToFloat32(t));
    }),
  );
});

test("finds the last float32 of a property", () => {
  expect(lastFloat32Where(() => true)).toBe(Number.POSITIVE_INFINITY);
  expect(lastFloat32Where(() => false)).toBeNaN();
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (t) => {
      expect(lastFloat32Where((x) => x <= t) <= floorToFloat32(t)).toBe(true);
      expect(lastFloat32Where((x) => x <= t) >= floorToFloat32(t)).toBe(true);
    }),
  );
});
