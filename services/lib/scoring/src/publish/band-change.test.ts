import { expect, test } from "vitest";
import { bandChange, bandChangeLine } from "./band-change.ts";

const limits = { medium: 0.2, high: 0.5 };

test("equal limits, and limits that are not known, are no change", () => {
  expect(bandChange(limits, { ...limits })).toBeNull();
  expect(bandChange(null, limits)).toBeNull();
  expect(bandChange(limits, null)).toBeNull();
});

test("a change of either limit names the limits of both versions", () => {
  for (const own of [
    { medium: 0.2, high: 0.7 },
    { medium: 0.4, high: 0.5 },
  ]) {
    expect(bandChange(limits, own)).toEqual({ champion: limits, version: own });
  }
  expect(bandChangeLine("v2", "v1", { champion: limits, version: { medium: 0.4, high: 0.7 } })).toContain(
    "v2 has other band limits (medium from 0.4, high from 0.7) than v1 (medium from 0.2, high from 0.5)",
  );
});
