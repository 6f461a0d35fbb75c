import { expect, test } from "vitest";
import { countContradictions } from "./reason-contradictions.ts";

test("no reason of a demo alert contradicts the declared direction of its feature", async () => {
  const counts = await countContradictions(3_000, true);
  expect(counts.alerts).toBeGreaterThan(50);
  expect(counts.shown).toBeGreaterThan(2 * counts.alerts);
  expect(counts.shownContradicting).toBe(0);
  expect(counts.onPage).toBeGreaterThan(counts.shown);
  expect(counts.onPageContradicting).toBe(0);
});
