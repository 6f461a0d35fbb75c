import { expect, test } from "vitest";
import { listSizeText } from "./list-size.ts";

test.each([
  [172, 0, "172 in this list"],
  [172, 3, "169 in this list, 3 left it"],
  [10_000, 1, "9,999 in this list, 1 left it"],
  [10_001, 0, "10,000+ in this list"],
  [10_001, 1, "10,000+ in this list, 1 left it"],
])("of %i alerts, %i left the list", (totalSize, left, text) => {
  expect(listSizeText(totalSize, left)).toBe(text);
});
