import { expect, it } from "vitest";
import { isInScope, MAX_SCOPE_VALUES, scopeListViolation, supplierScope } from "./supplier-scope.ts";

it("a scope has one form: in order, without repetitions, and none without values", () => {
  expect(supplierScope({ regions: [], categories: [] })).toBeUndefined();
  expect(supplierScope({ regions: ["b", "a", "b"], categories: [] })).toEqual({ regions: ["a", "b"], categories: [] });
});

it("a supplier is in a scope by its region and its category; one without a value is in no list", () => {
  const steel = { region: "Europe", category: "Steel" };
  expect(isInScope(undefined, steel)).toBe(true);
  expect(isInScope({ regions: ["Europe"], categories: [] }, steel)).toBe(true);
  expect(isInScope({ regions: [], categories: ["Steel"] }, steel)).toBe(true);
  expect(isInScope({ regions: ["Europe"], categories: ["Glass"] }, steel)).toBe(false);
  expect(isInScope({ regions: ["Asia"], categories: ["Steel"] }, steel)).toBe(false);
  expect(isInScope({ regions: ["Europe"], categories: [] }, { region: "", category: "Steel" })).toBe(false);
  expect(isInScope({ regions: ["europe"], categories: [] }, steel)).toBe(false);
});

it("lists that cannot be regions or categories are rejected", () => {
  expect(scopeListViolation(["Europe", "a".repeat(256)])).toBeUndefined();
  expect(scopeListViolation([])).toBeUndefined();
  for (const value of [undefined, null, "Europe", { 0: "Europe" }, 1])
    expect(scopeListViolation(value)).toBe("is not a list of texts");
  for (const bad of ["", "a".repeat(257), "a\0", "\ud800", 1, null, Number.NaN])
    expect(scopeListViolation(["Europe", bad])).toMatch(/1 to 256 bytes/);
  const many = Array.from({ length: MAX_SCOPE_VALUES + 1 }, (_, i) => `r${i}`);
  expect(scopeListViolation(many)).toMatch(/more than 100/);
  expect(scopeListViolation(many.slice(1))).toBeUndefined();
});
