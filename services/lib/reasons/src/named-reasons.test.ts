import { expect, test } from "vitest";
import { MAX_NAMED_REASONS, namedReasons } from "./named-reasons.ts";

test("the largest reasons of each direction are named, in their order, and one without an effect is not", () => {
  const of = (...contributions: number[]) => contributions.map((contribution) => ({ contribution }));
  const { ups, downs } = namedReasons(of(0.9, -0.8, 0.7, 0, 0.5, -0.4, 0.3, 0.2));
  expect(ups).toEqual(of(0.9, 0.7, 0.5));
  expect(downs).toEqual(of(-0.8, -0.4));
  expect(ups).toHaveLength(MAX_NAMED_REASONS);
  expect(namedReasons([])).toEqual({ ups: [], downs: [] });
  expect(namedReasons(of(Number.NaN))).toEqual({ ups: [], downs: [] });
});
