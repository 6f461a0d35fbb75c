import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type GroupScope, parseGroupScopes, scopeOfGroups } from "./group-scopes.ts";
import { ScopeConflictError, ScopeMissingError } from "./sign-in-error.ts";

const scope = (regions: readonly string[], categories: readonly string[] = []): SupplierScope => ({
  regions,
  categories,
});
const SCOPES = new Map<string, GroupScope>([
  ["Europe", scope(["Europe"])],
  ["Asia", scope(["Asia"])],
  ["Steel", scope([], ["Steel"])],
  ["Steel of Europe", scope(["Europe"], ["Steel"])],
  ["Glass of Asia", scope(["Asia"], ["Glass"])],
  ["Admins", "all"],
]);
const of = (...groups: string[]) => scopeOfGroups(groups, SCOPES);

it("a person sees what one of the groups sees", () => {
  expect(of("Europe", "other")).toEqual(scope(["Europe"]));
  expect(of("Asia", "Europe")).toEqual(scope(["Asia", "Europe"]));
  expect(of("Steel of Europe", "Europe")).toEqual(scope(["Europe"]));
  expect(of("Steel of Europe", "Steel")).toEqual(scope([], ["Steel"]));
  expect(of("Glass of Asia", "Admins")).toBeUndefined();
});

it("a person without a group that has a scope is rejected, not shown everything", () => {
  expect(() => of()).toThrow(ScopeMissingError);
  expect(() => of("other")).toThrow(/Groups with suppliers: Europe, Asia/);
});

it("groups that together are not one scope are rejected, and named", () => {
  expect(() => of("Steel of Europe", "Glass of Asia")).toThrow(ScopeConflictError);
  expect(() => of("Europe", "Steel")).toThrow(/Europe, Steel/);
});

it("never shows a supplier that no group sees, and always every supplier that a group sees", () => {
  const values = fc.subarray(["a", "b", "c"], { maxLength: 2 });
  const one = fc
    .record({ regions: values, categories: values })
    .filter((s) => s.regions.length + s.categories.length > 0);
  const has = (s: SupplierScope, region: string, category: string): boolean =>
    (s.regions.length === 0 || s.regions.includes(region)) &&
    (s.categories.length === 0 || s.categories.includes(category));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), (given) => {
      const names = given.map((_, i) => `${i}`);
      let merged: SupplierScope | undefined;
      try {
        merged = scopeOfGroups(names, new Map(given.map((s, i) => [`${i}`, s])));
      } catch (error) {
        return error instanceof ScopeConflictError;
      }
      // "" stands for a value that no scope names.
      const all = ["a", "b", "c", ""].flatMap((region) =>
        ["a", "b", "c", ""].map((category) => [region, category] as const),
      );
      return all.every(
        ([region, category]) =>
          (merged === undefined || has(merged, region, category)) === given.some((s) => has(s, region, category)),
      );
    }),
  );
});

it("the suppliers of groups are read from JSON", () => {
  const read = parseGroupScopes('{"a":{"regions":["Europe","Asia"]},"b":{"categories":["Steel"]},"c":"all"}');
  expect([...read]).toEqual([
    ["a", scope(["Asia", "Europe"])],
    ["b", scope([], ["Steel"])],
    ["c", "all"],
  ]);
});

it.each([
  ["{", "is not JSON"],
  ["[]", "is not a JSON object with groups"],
  ["{}", "is not a JSON object with groups"],
  ['{"a":{}}', 'the group "a" has no region and no category'],
  ['{"a":"ALL"}', 'the group "a" has neither "all" nor an object'],
  ['{"a":null}', 'the group "a" has neither "all" nor an object'],
  ['{"a":{"region":["Europe"]}}', 'the group "a" has "region"; expected regions, categories or both'],
  ['{"a":{"regions":"Europe"}}', 'the group "a": regions is not a list of texts'],
  ['{"a":{"categories":[""]}}', 'the group "a": categories has a value that is not a text of 1 to 256 bytes'],
])("%s is rejected", (text, message) => {
  expect(() => parseGroupScopes(text)).toThrow(message);
});
