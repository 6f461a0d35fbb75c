import { expect, test } from "vitest";
import { betaQuantile, incompleteBeta } from "./incomplete-beta.ts";
import { tQuantile, tTwoSided } from "./student-t.ts";

test("the incomplete beta function and its inverse equal those of scipy.special", () => {
  for (const [x, a, b, value] of [
    [0.3, 2, 3, 0.3483],
    [0.2, 0.5, 0.5, 0.2951672353008665],
    [0.05, 50, 950, 0.5173695437269733],
    [0.033, 300.25, 9_000, 0.6576681581501183],
    [1e-5, 0.7, 1e4, 0.21082268493546727],
  ] as const)
    expect(incompleteBeta(x, a, b)).toBeCloseTo(value, 10);
  expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
  for (const [p, a, b, x] of [
    [0.025, 3, 7, 0.07485463141969183],
    [0.975, 0.5, 4, 0.48622050126765953],
    [0.5, 12.5, 980, 0.012268475427480316],
  ] as const)
    expect(betaQuantile(p, a, b)).toBeCloseTo(x, 10);
});

test("quantiles and tails of Student's t equal those of scipy.stats.t", () => {
  for (const [df, t] of [
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [9, 2.262157162798205],
    [63, 1.998340542520741],
    [255, 1.9693105698498752],
    [100_000, 1.9599877075346095],
  ] as const)
    expect(tQuantile(0.95, df)).toBeCloseTo(t, 8);
  for (const [t, df, p] of [
    [1.5, 3, 0.23058386524482294],
    [-2.5, 31, 0.017920226813386207],
    [8, 255, 4.376413795445038e-14],
  ] as const)
    expect(tTwoSided(t, df) / p).toBeCloseTo(1, 6);
  expect(tTwoSided(0, 5)).toBeCloseTo(1, 12);
});
