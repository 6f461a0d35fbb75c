import { expect, test } from "vitest";
import { supplierIdViolation } from "./supplier-id.ts";

test.each(["S_1", "7", "日本", "-", " S1 ", "S\u200b1", "😀"])("%j can be the id of a supplier", (id) => {
  expect(supplierIdViolation(id)).toBeUndefined();
});

test.each(["", " ", "   \t", "\u200b", "\u200b \ufeff", "\u3000", "A\u0000B", "\u0000"])("%j cannot", (id) => {
  expect(supplierIdViolation(id)).toMatch(/; send the id/);
});
