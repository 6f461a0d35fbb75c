import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { calibratedRisk } from "./calibration.ts";
import { fitIsotonic } from "./fit-isotonic.ts";
import { fitPlatt } from "./fit-platt.ts";

/** Labels drawn from logistic(2x − 1). */
function made(n: number): { outputs: Float64Array; labels: Uint8Array } {
  const random = createRandom(3);
  const outputs = new Float64Array(n).map(() => random.normal());
  const labels = new Uint8Array(n).map((_, i) =>
    random.uniform() < 1 / (1 + Math.exp(1 - 2 * (outputs[i] ?? 0))) ? 1 : 0,
  );
  return { outputs, labels };
}

test("Platt scaling finds the curve that the labels were drawn from", () => {
  const { outputs, labels } = made(20_000);
  const fitted = fitPlatt(outputs, labels);
  expect(fitted.kind).toBe("platt");
  if (fitted.kind !== "platt") return;
  expect(fitted.slope).toBeCloseTo(2, 0);
  expect(fitted.intercept).toBeCloseTo(-1, 0);
});

test("isotonic regression never decreases and reproduces the rates", () => {
  const { outputs, labels } = made(20_000);
  const bundle = { calibration: fitIsotonic(outputs, labels), outputSpace: "margin" as const };
  let last = 0;
  for (let x = -6; x <= 6; x += 0.01) {
    const p = calibratedRisk(bundle, x);
    expect(p).toBeGreaterThanOrEqual(last);
    expect(p).toBeLessThanOrEqual(1);
    last = p;
  }
  expect(calibratedRisk(bundle, 0.5)).toBeCloseTo(0.5, 1);
});

test("an inverted ranking has no Platt curve", () => {
  expect(fitPlatt(Float64Array.of(1, 2, 3, 4), Uint8Array.of(1, 1, 0, 0))).toEqual({ kind: "none" });
});

const held = fc.array(
  fc.record({
    output: fc.oneof(fc.double({ min: -50, max: 50, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-300, 1e300)),
    label: fc.integer({ min: 0, max: 1 }),
  }),
  { minLength: 1, maxLength: 40 },
);
const anyOutput = fc.double({ noNaN: true, noDefaultInfinity: true });

test.each([
  ["Platt", fitPlatt],
  ["isotonic", fitIsotonic],
] as const)("%s: whatever it was fitted on, scores are in [0, 1] and never fall", (_, fit) => {
  fc.assert(
    fc.property(held, anyOutput, anyOutput, (rows, a, b) => {
      const calibration = fit(
        Float64Array.from(rows, (row) => row.output),
        Uint8Array.from(rows, (row) => row.label),
      );
      const [lower, higher] = [Math.min(a, b), Math.max(a, b)].map((output) =>
        calibratedRisk({ calibration, outputSpace: "margin" }, output),
      );
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(higher).toBeLessThanOrEqual(1);
      expect(higher).toBeGreaterThanOrEqual(lower ?? Number.NaN);
    }),
    { numRuns: 300 },
  );
});

test("isotonic regression equals the closest increasing curve, calculated by hand", () => {
  const fitted = fitIsotonic(Float64Array.of(4, 1, 2, 3, 3), Uint8Array.of(1, 0, 1, 0, 0));
  expect(fitted).toEqual({ kind: "isotonic", x: [1, 8 / 3, 4], y: [0, 1 / 3, 1] });
});

test("without calibration the score of a margin is its logistic, a probability is kept, and a raw number has no score", () => {
  const plain = (outputSpace: "margin" | "probability" | "raw", output: number) =>
    calibratedRisk({ calibration: { kind: "none" }, outputSpace }, output);
  expect(plain("margin", 0)).toBe(0.5);
  expect(plain("probability", 0.3)).toBe(0.3);
  expect(plain("probability", 1 + 1e-7)).toBe(1);
  expect(plain("raw", 3)).toBeNaN();
});

test("an intercept moves the log-odds of a margin and of a probability by the same amount", () => {
  const moved = (outputSpace: "margin" | "probability", output: number) =>
    calibratedRisk({ calibration: { kind: "intercept", intercept: 1 }, outputSpace }, output);
  expect(moved("margin", -1)).toBeCloseTo(0.5, 12);
  expect(moved("probability", 1 / (1 + Math.E))).toBeCloseTo(0.5, 12);
  expect(moved("probability", 0)).toBeGreaterThan(0);
  expect(moved("probability", 1)).toBeLessThan(1);
});

test("scores of huge outputs stay in [0, 1]", () => {
  for (const output of [-1e30, -800, 800, 1e30]) {
    const p = calibratedRisk({ calibration: { kind: "platt", slope: 3, intercept: 1 }, outputSpace: "margin" }, output);
    expect(p >= 0 && p <= 1).toBe(true);
  }
});
