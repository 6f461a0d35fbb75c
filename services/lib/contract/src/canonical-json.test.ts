import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalHash, canonicalJson } from "./canonical-json.ts";

test("the order of keys does not matter, the order of lists does", () => {
  expect(canonicalJson({ b: [1, 2], a: { d: null, c: "x" } })).toBe('{"a":{"c":"x","d":null},"b":[1,2]}');
  expect(canonicalHash({ a: 1, b: 2 })).toBe(canonicalHash({ b: 2, a: 1 }));
  expect(canonicalHash([1, 2])).not.toBe(canonicalHash([2, 1]));
});

test("reads back as the same JSON value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("rejects a number that JSON cannot represent", () => {
  expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
});
