import { expect, test } from "vitest";
import { compareByImpact, type ImpactFacts, lowestScore, rankByImpact } from "./capacity-rule.ts";

const RULE = { id: "weekly-capacity", suppliers: 1, minLift: 1, keepWithin: 2 };
const facts = (supplierId: number, externalId: string, impact: number): ImpactFacts => ({
  ...{ supplierId, externalId, impact, riskScore: 0.5, band: "medium", recent: [0.5], before: null },
});

test("suppliers are ordered by impact, and equal impacts by the id, not by the internal number", () => {
  const ordered = [facts(1, "S-9", 10), facts(2, "S-1", 10), facts(3, "S-5", 20)].sort(compareByImpact);
  expect(ordered.map(({ externalId }) => externalId)).toEqual(["S-5", "S-1", "S-9"]);
  expect([...rankByImpact(ordered, RULE, () => false)]).toEqual([
    [3, 1],
    [2, 2],
  ]);
});

test("ids are compared by code points, as the database compares them", () => {
  const ids = ["\u{1F3ED}", "\uFF21", "a", "B", "é", "A-10", "A-9"];
  const ordered = ids.map((id, i) => facts(i, id, 1)).sort(compareByImpact);
  expect(ordered.map(({ externalId }) => externalId)).toEqual(["A-10", "A-9", "B", "a", "é", "\uFF21", "\u{1F3ED}"]);
});

test("a score exactly at the limit is selected, however the mean was rounded", () => {
  const mean = [0.1, 0.1, 0.1].reduce((sum, p) => sum + p, 0) / 3;
  expect(mean).toBeGreaterThan(0.1);
  expect(lowestScore(RULE, mean)).toBeLessThanOrEqual(0.1);
  expect(lowestScore({ ...RULE, minLift: 2 }, 0.3)).toBeCloseTo(0.6, 9);
  expect(lowestScore({ ...RULE, minLift: 0 }, 0.3)).toBe(0);
});
