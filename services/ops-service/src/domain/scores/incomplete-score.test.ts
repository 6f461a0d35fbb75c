import { expect, test } from "vitest";
import { isIncomplete } from "./incomplete-score.ts";

test("a score is incomplete below the limit, not at it, and not when the share is not known", () => {
  expect([0, 0.74, 0.75, 1, null].map((share) => isIncomplete(share, 0.75))).toEqual([true, true, false, false, false]);
  expect(isIncomplete(0, 0)).toBe(false);
});
