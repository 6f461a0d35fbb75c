import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { calibratedRisk, fitCalibration, fitIsotonic, fitPlatt } from "./calibration.ts";

/** Labels drawn from logistic(2x − 1). */
function made(n: number): { outputs: Float64Array; labels: Uint8Array } {
  const random = createRandom(3);
  const outputs = new Float64Array(n).map(() => random.normal());
  const labels = new Uint8Array(n).map((_, i) =>
    random.uniform() < 1 / (1 + Math.exp(1 - 2 * (outputs[i] ?? 0))) ? 1 : 0,
  );
  return { outputs, labels };
}

test("Platt finds the curve that made the labels", () => {
  const { outputs, labels } = made(20_000);
  const fitted = fitPlatt(outputs, labels);
  expect(fitted.kind).toBe("platt");
  if (fitted.kind !== "platt") return;
  expect(fitted.slope).toBeCloseTo(2, 0);
  expect(fitted.intercept).toBeCloseTo(-1, 0);
});

test("isotonic never falls and meets the rates", () => {
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

test("one class only, or a ranking that is upside down, leaves the output as it is", () => {
  expect(fitCalibration(Float64Array.of(1, 2), Uint8Array.of(1, 1))).toEqual({ kind: "none" });
  expect(fitPlatt(Float64Array.of(1, 2, 3, 4), Uint8Array.of(1, 1, 0, 0))).toEqual({ kind: "none" });
});

test("huge outputs stay in [0, 1]", () => {
  for (const output of [-1e30, -800, 800, 1e30]) {
    const p = calibratedRisk({ calibration: { kind: "platt", slope: 3, intercept: 1 }, outputSpace: "margin" }, output);
    expect(p >= 0 && p <= 1).toBe(true);
  }
});
