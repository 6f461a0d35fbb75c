import { expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { scopeFromOptions, scopeJson, scopeText } from "./scope-options.ts";

test("without options a caller sees all suppliers", () => {
  expect(scopeFromOptions({})).toBeUndefined();
  expect([scopeJson(undefined), scopeText(undefined)]).toEqual([null, ""]);
});

test("regions and categories are one scope, in words and as JSON", () => {
  const scope = scopeFromOptions({ region: ["South America", "Asia"], category: ["Steel"] });
  expect(scope).toEqual({ regions: ["Asia", "South America"], categories: ["Steel"] });
  expect(scopeText(scope)).toBe("only regions Asia, South America, only categories Steel");
  expect(scopeJson(scope)).toEqual(scope);
});

test.each([
  [{ region: [""] }, "--region: the list has a value that is not a text of 1 to 256 bytes"],
  [{ category: ["x".repeat(257)] }, "--category: the list has a value that is not a text of 1 to 256 bytes"],
  [{ category: Array.from({ length: 101 }, (_, i) => `${i}`) }, "--category: the list has more than 100 values"],
])("unusable values are a usage error", (options, message) => {
  expect(() => scopeFromOptions(options)).toThrow(UsageError);
  expect(() => scopeFromOptions(options)).toThrow(message);
});
