import { expect, test } from "vitest";
import { suggestedOwners } from "./known-owners.ts";

test("the owners that the reader used last come first, then those of the server, then those of the loaded alerts", () => {
  const alerts = ["kim", "", "lee", "kim", "jo"].map((owner) => ({ owner }));
  expect(suggestedOwners(["jo"], [], alerts)).toEqual(["jo", "kim", "lee"]);
  expect(suggestedOwners(["jo"], ["ada", "lee"], alerts)).toEqual(["jo", "ada", "lee", "kim"]);
  expect(suggestedOwners([], [], [])).toEqual([]);
  const many = Array.from({ length: 20 }, (_, i) => `p${i}`);
  expect(suggestedOwners(many, many, alerts)).toHaveLength(8);
});
