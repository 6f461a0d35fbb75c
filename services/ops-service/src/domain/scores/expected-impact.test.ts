import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { expect, test } from "vitest";
import {
  criticalityFromNumber,
  criticalityNumber,
  expectedImpact,
  exposureIn,
  formulaText,
  isSameFormula,
} from "./expected-impact.ts";

const { impact: POLICY } = createRiskPolicy({ maxRejectedShare: 1, maxRejectedRows: 0, minSuppliersShare: 0 });
const FORMULA = { ...POLICY, exchangeRates: { USD: 0.5 } };

test("the impact is score times exposure times weight; without a criticality the weight is that of normal", () => {
  const impact = (criticality: "low" | "critical" | null) =>
    expectedImpact({ riskScore: 0.5, exposure: 100, criticality }, FORMULA);
  expect([impact(null), impact("low"), impact("critical")]).toEqual([50, 25, 200]);
});

test("an unknown exposure orders by score, after known ones; no score is the last", () => {
  expect(expectedImpact({ riskScore: 0.9, exposure: null, criticality: null }, FORMULA)).toBe(0.9);
  expect(expectedImpact({ riskScore: 0.9, exposure: 0, criticality: null }, FORMULA)).toBe(0);
  expect(expectedImpact({ riskScore: Number.NaN, exposure: 5, criticality: "high" }, FORMULA)).toBe(-1);
});

test("an exposure is converted by the rate of its currency, and is not known without a rate", () => {
  const of = (currency: string) => exposureIn(FORMULA, 100, currency);
  expect([of(""), of("EUR"), of("USD"), of("GBP"), of("toString")]).toEqual([100, 100, 50, null, null]);
  expect(exposureIn(FORMULA, null, "EUR")).toBeNull();
});

test("formulas are compared by what changes an amount, and written for a person", () => {
  expect(formulaText(FORMULA)).toBe(
    "risk score × exposure (EUR) × criticality weight (low 0.5, normal 1, high 2, critical 4)",
  );
  expect(isSameFormula(FORMULA, { ...FORMULA, unknownExposure: 9 })).toBe(true);
  expect(isSameFormula(FORMULA, { ...FORMULA, exchangeRates: {} })).toBe(false);
  expect(isSameFormula(FORMULA, { ...FORMULA, weights: { ...FORMULA.weights, high: 3 } })).toBe(false);
  expect([isSameFormula(null, null), isSameFormula(null, FORMULA)]).toEqual([true, false]);
});

test("criticalities have the numbers 1 to 4; 0 is none", () => {
  const levels = ["low", "normal", "high", "critical"] as const;
  expect(levels.map(criticalityNumber)).toEqual([1, 2, 3, 4]);
  expect([0, 1, 4, 5].map(criticalityFromNumber)).toEqual([null, "low", "critical", null]);
  expect(criticalityNumber(null)).toBe(0);
});
