import { expect, test } from "vitest";
import { readChangeLimits } from "./read-change-limits.ts";

test("limits come before fixed features, with only the fields that were given", () => {
  const limits = '[{"feature":"a","min":0,"direction":"decrease"},{"feature":"b","fixed":true,"cost":2}]';
  expect(readChangeLimits(["c"], limits)).toEqual([
    { feature: "a", fixed: false, min: 0, direction: "decrease" },
    { feature: "b", fixed: true, cost: 2 },
    { feature: "c", fixed: true },
  ]);
  expect(readChangeLimits([], undefined)).toEqual([]);
});

test.each([
  ["late_ratio:0..1", "--limits is not JSON"],
  ['{"feature":"a"}', "--limits is not a list"],
  ['[{"feature":"a","min":1,"min":2}]', '--limits: "min" is given twice'],
  ["[3]", "--limits: [0] is not a limit"],
  ['[{"feature":"a","min":1},{"min":1}]', "--limits: [1].feature is not the name of a feature"],
  ['[{"feature":"a","mim":1}]', '--limits: [0].mim is not a field of a limit; did you mean "min"?'],
  ['[{"feature":"a","min":"1"}]', "--limits: [0].min is not a number"],
  ['[{"feature":"a","fixed":1}]', "--limits: [0].fixed is not true or false"],
  [
    '[{"feature":"a","min":1},{"feature":"b"}]',
    "--limits: [1] has no limit for b: give one or more of fixed, min, max, ",
  ],
  ['[{"feature":"a","fixed":false}]', "--limits: [0] has no limit for a"],
  ['[{"feature":"a","direction":"down"}]', "--limits: [0].direction is not increase or decrease"],
])("%s is an error that names what is wrong", (text, message) => {
  expect(() => readChangeLimits([], text)).toThrow(message);
});
