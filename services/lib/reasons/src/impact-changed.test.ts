import { expect, test } from "vitest";
import { impactChanged } from "./impact-changed.ts";

const formula = {
  currency: "EUR",
  weights: [
    { criticality: 2, weight: 1 },
    { criticality: 3, weight: 2 },
  ],
};
const supplier = { exposure: 1_000, exposureCurrency: "EUR", criticality: 0 };
const score = { riskScore: 0.5, impact: 500, exposureKnown: true };

test.each([
  ["as the run used them", {}, score, false],
  ["with another exposure", { exposure: 1_100 }, score, true],
  ["with another criticality", { criticality: 3 }, score, true],
  ["with the same criticality, said", { criticality: 2 }, score, false],
  ["with an exposure that was not known", {}, { riskScore: 0.5, exposureKnown: false }, true],
  ["with an exposure in another currency", { exposure: 7, exposureCurrency: "USD" }, score, false],
  ["without an exposure", { exposure: undefined }, { riskScore: 0.5, exposureKnown: false }, false],
])("exposure and criticality %s", (_what, now, latestScore, expected) => {
  expect(impactChanged({ ...supplier, ...now, latestScore }, formula)).toBe(expected);
  expect(impactChanged({ ...supplier, ...now }, formula)).toBe(false);
});
