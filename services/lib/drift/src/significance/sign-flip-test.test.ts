import { createRandom } from "@bellwether/risk-model/random";
import { expect, test } from "vitest";
import { signFlipTest } from "./sign-flip-test.ts";

/** Two-sided p-value of McNemar's exact test: `more` of `n` discordant pairs have one sign. */
function mcNemar(n: number, more: number): number {
  let [tail, ways] = [0, 1];
  for (let k = n; k >= more; k--) {
    tail += ways;
    ways = (ways * k) / (n - k + 1);
  }
  return Math.min(1, (2 * tail) / 2 ** n);
}

const signs = (n: number, more: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => (i < more ? 1 : -1));

test("equals McNemar's exact test within a tenth", () => {
  for (const [n, more] of [
    [12, 11],
    [20, 17],
    [50, 40],
    [200, 140],
    [1_000, 600],
  ] as const)
    expect(Math.abs(signFlipTest(signs(n, more)) / mcNemar(n, more) - 1)).toBeLessThan(0.1);
});

test("is exact when all differences have one sign, and 1 without a difference", () => {
  expect(signFlipTest(signs(10, 10))).toBe(2 ** -9);
  expect(signFlipTest(signs(1, 1))).toBe(1);
  expect(signFlipTest(new Float64Array(5))).toBe(1);
  expect(signFlipTest(new Float64Array())).toBe(1);
  expect(signFlipTest(new Float64Array(20_000).fill(0.3))).toBeGreaterThan(0);
});

test("equals the randomization test of all sign patterns for differences of several sizes", () => {
  const random = createRandom(1, "sign flips");
  for (let round = 0; round < 5; round++) {
    const differences = Float64Array.from({ length: 16 }, () => random.normal() + 0.7);
    const observed = Math.abs(differences.reduce((a, b) => a + b, 0));
    let extreme = 0;
    for (let pattern = 0; pattern < 65_536; pattern++) {
      const sum = differences.reduce((total, d, i) => total + ((pattern >> i) & 1 ? d : -d), 0);
      if (Math.abs(sum) >= observed - 1e-12) extreme++;
    }
    const exact = extreme / 65_536;
    expect(signFlipTest(differences)).toBeGreaterThan(exact * 0.8);
    expect(signFlipTest(differences)).toBeLessThan(exact * 1.6 + 1e-4);
  }
});

test("does not depend on the sign or the unit of the differences", () => {
  const differences = Float64Array.of(1, 2, -0.5, 3, 1, 4, 1, 2, -1, 2, 3, 1);
  const p = signFlipTest(differences);
  expect(signFlipTest(differences.map((d) => -1e6 * d))).toBeCloseTo(p, 9);
});
