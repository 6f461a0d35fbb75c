import { expect, test } from "vitest";
import { shareInterval } from "./share-interval.ts";

/** Rows that are independent: the variance is that of the binomial distribution, with many degrees of freedom. */
const independent = (positive: number, rows: number) => {
  const share = positive / rows;
  return { share, variance: (share * (1 - share)) / rows, rows, clusters: rows, df: rows - 1 };
};

test("with independent rows it is the interval of Clopper and Pearson (scipy.stats.binomtest, exact)", () => {
  for (const [positive, rows, low, high] of [
    [0, 50, 0, 0.07112173646420458],
    [7, 200, 0.014185525898385922, 0.0707809983509546],
    [50, 50, 0.9288782635357954, 1],
  ] as const) {
    const found = shareInterval(independent(positive, rows));
    expect(found.low).toBeCloseTo(low, 8);
    expect(found.high).toBeCloseTo(high, 8);
  }
});

test("rows of few suppliers give a wider interval, and a share of 0 has a width", () => {
  const rows = { rows: 1_000, df: 19 };
  const clustered = shareInterval({ share: 0.1, variance: 0.1 * 0.9 * 0.01, clusters: 20, ...rows });
  const free = shareInterval({ share: 0.1, variance: (0.1 * 0.9) / 1_000, clusters: 1_000, rows: 1_000, df: 999 });
  expect(clustered.high - clustered.low).toBeGreaterThan(2.5 * (free.high - free.low));
  const none = shareInterval({ share: 0, variance: 0, clusters: 20, ...rows });
  expect(none.low).toBe(0);
  // 1 - 0.025^(1/20): each supplier counts as one row.
  expect(none.high).toBeCloseTo(1 - 0.025 ** (1 / 20), 10);
});

test("a variance below that of independent rows does not make the interval narrower", () => {
  const least = shareInterval(independent(20, 100));
  const observed = shareInterval({ ...independent(20, 100), variance: 1e-9 });
  expect(observed).toEqual(least);
});
