import { expect, test } from "vitest";
import { suggestedOwners } from "./known-owners.ts";

test("the owners that the reader used last come first, then those with the most alerts", () => {
  const alerts = ["kim", "", "lee", "kim", "jo"].map((owner) => ({ owner }));
  expect(suggestedOwners(["jo"], alerts)).toEqual(["jo", "kim", "lee"]);
  expect(suggestedOwners([], [])).toEqual([]);
  expect(
    suggestedOwners(
      Array.from({ length: 20 }, (_, i) => `p${i}`),
      alerts,
    ),
  ).toHaveLength(8);
});
