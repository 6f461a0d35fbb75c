import { expect, test } from "vitest";
import { countText } from "./count-text.ts";

test.each([
  [0, "0 rows"],
  [1, "1 row"],
  [2, "2 rows"],
  [1n, "1 row"],
])("%s with its noun", (count, text) => expect(countText(count, "row")).toBe(text));

test("a noun with another plural", () => {
  expect([1, 2].map((count) => countText(count, "row repeats", "rows repeat"))).toEqual([
    "1 row repeats",
    "2 rows repeat",
  ]);
});
