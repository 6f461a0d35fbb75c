import { createRandom } from "@bellwether/risk-model/random";
import { expect, test } from "vitest";
import { logBinomial } from "./log-binomial.ts";
import { permutationTest } from "./permutation-test.ts";

/** One tail of Fisher's exact test: at least (or at most) `k` of `m` present rows have a property of `hits` of n + m. */
function fisherTail(n: number, m: number, hits: number, k: number): number {
  const share = (x: number): number =>
    x < 0 || x > hits || m - x > n + m - hits
      ? 0
      : Math.exp(logBinomial(hits, x) + logBinomial(n + m - hits, m - x) - logBinomial(n + m, m));
  let [upper, lower] = [0, 0];
  for (let x = 0; x <= m; x++) {
    if (x >= k) upper += share(x);
    if (x <= k) lower += share(x);
  }
  return Math.min(upper, lower);
}

const table = (rows: number, hits: number): Float64Array => Float64Array.of(rows - hits, hits);

test("equals the smaller tail of Fisher's exact test, doubled, within a seventh, for rare events too", () => {
  for (const [n, before, m, now] of [
    [3_000, 100, 3_000, 160],
    [300, 30, 300, 60],
    [100_000, 100, 300, 3],
    [100_000, 2_000, 300, 18],
    [100_000, 2_000, 300, 0],
    [1_000, 500, 50, 45],
    [60, 5, 50, 20],
  ] as const) {
    const exact = 2 * fisherTail(n, m, before + now, now);
    expect(Math.abs(permutationTest(table(n, before), table(m, now), Float64Array.of(0, 1)) / exact - 1)).toBeLessThan(
      0.15,
    );
  }
});

test("complete separation has the probability of its one arrangement", () => {
  const p = permutationTest(table(50, 0), table(50, 50), Float64Array.of(0, 1));
  expect(Math.log(p)).toBeCloseTo(Math.log(2) - logBinomial(100, 50), 6);
  expect(permutationTest(table(1e5, 0), table(1e5, 1e5), Float64Array.of(0, 1))).toBeGreaterThan(0);
});

test("is 1 for equal shares, for one score, and without rows on a side", () => {
  expect(permutationTest(table(100, 20), table(50, 10), Float64Array.of(0, 1))).toBe(1);
  expect(permutationTest(table(100, 20), table(50, 30), Float64Array.of(3, 3))).toBe(1);
  expect(permutationTest(table(100, 20), new Float64Array(2), Float64Array.of(0, 1))).toBe(1);
});

test("equals 20,000 drawn permutations of skewed scores", () => {
  const random = createRandom(3, "permutations");
  const scores = Float64Array.from({ length: 60 }, (_, i) => (i / 60) ** 4);
  const reference = new Float64Array(60).fill(4);
  const present = Float64Array.from({ length: 60 }, (_, i) => (i > 44 ? 2 : 1));
  const all = [...scores.keys()].flatMap((i) =>
    new Array<number>((reference[i] ?? 0) + (present[i] ?? 0)).fill(scores[i] ?? 0),
  );
  const size = present.reduce((a, b) => a + b, 0);
  const observed = present.reduce((sum, count, i) => sum + count * (scores[i] ?? 0), 0);
  let extreme = 0;
  for (let draw = 0; draw < 20_000; draw++) {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const j = i + random.below(all.length - i);
      [all[i], all[j]] = [all[j] ?? 0, all[i] ?? 0];
      sum += all[i] ?? 0;
    }
    if (sum >= observed - 1e-9) extreme++;
  }
  const drawn = (2 * extreme) / 20_000;
  const p = permutationTest(reference, present, scores);
  expect(Math.abs(p - drawn)).toBeLessThan(4 * Math.sqrt((2 * drawn) / 20_000) + 0.1 * drawn);
});
