import fc from "fast-check";
import { expect, test } from "vitest";
import { repeatsName } from "./repeated-names.ts";

const check = (text: string): boolean => repeatsName(text, JSON.parse(text));

test.each([
  ['{"a": 1, "b": {"a": [{"a": 2}]}, "c": "a"}', false],
  ['{"a": 1, "a": 1}', true],
  ['{"a": 1, "\\u0061": 2}', true],
  ['{"a": {"b": 1, "b": 2}}', true],
  ['[{"a": [{"b": 1, "b": 2}]}]', true],
  ['{"__proto__": 1, "constructor": 2}', false],
  ['{"__proto__": 1, "__proto__": 2}', true],
  ['{"": 1, "" : 2}', true],
  ['{"a":"\\"b\\":", "c" \n\t\r : "\\\\"}', false],
  ['{"a\\"": 1, "a\\\\": "\\\\\\":"}', false],
  ['"a:"', false],
  ["7", false],
])("%s: %s", (text, repeats) => expect(check(text)).toBe(repeats));

test("no value that was written as JSON repeats a name, whatever its texts are", () => {
  const units = fc.constantFrom('"', "\\", ":", "{", "}", ",", " ", "a", "é", "\ud800");
  const text = fc.string({ unit: units });
  const object = fc.object({ key: text, values: [text, fc.integer(), fc.constant(null)] });
  fc.assert(
    fc.property(object, fc.nat(3), (value, indent) => {
      expect(check(JSON.stringify(value, null, indent))).toBe(false);
    }),
  );
});

test("every object that has one of its names again is found", () => {
  const names = fc.uniqueArray(fc.string(), { minLength: 1 });
  fc.assert(
    fc.property(names, fc.nat(), (names, again) => {
      const members = [...names, names[again % names.length]].map((name, i) => `${JSON.stringify(name)}:${i}`);
      expect(check(`{"outer":[{${members.join()}}]}`)).toBe(true);
    }),
  );
});

test("a text that is nested 100,000 deep is read", () => {
  expect(check(`${'{"a":['.repeat(50_000)}${"]}".repeat(50_000)}`)).toBe(false);
});
