import { expect, test } from "vitest";
import { checkContract, type ModelFeature } from "./model-contract.ts";

const numeric = (name: string, unit = "days"): ModelFeature => ({ name, kind: "numeric", unit });
const TAKES = [numeric("delay"), { name: "region", kind: "category", unit: "" }] as const;
const check =
  (gives: readonly ModelFeature[], takes: readonly ModelFeature[] = TAKES) =>
  () =>
    checkContract("supplier-risk v3", takes, gives);

test("accepts a configuration that has all features of the model, in any order", () => {
  expect(check(TAKES.toReversed())).not.toThrow();
});

test("names all features that are missing, unknown, of another kind or in another unit", () => {
  const gives: ModelFeature[] = [numeric("delay", "hours"), numeric("region"), numeric("spend", "usd")];
  expect(check(gives, [...TAKES, numeric("disputes", "units")])).toThrow(
    'the configuration does not match the features of supplier-risk v3: "delay" is in days in the model, in the configuration it is in hours; "region" is a category feature of the model, in the configuration it is numeric; "disputes" is missing; "spend" is not a feature of the model; run with',
  );
});

test("does not compare a unit that one side does not know", () => {
  expect(check(TAKES, [numeric("delay", ""), TAKES[1]])).not.toThrow();
  expect(check([numeric("delay", ""), TAKES[1]])).not.toThrow();
});

test("does not check a model whose features are not known", () => {
  expect(check([], [])).not.toThrow();
});

test("lists ten violations and counts the others", () => {
  const takes = Array.from({ length: 14 }, (_, i) => numeric(`f${i}`));
  expect(check([], takes)).toThrow(/"f9" is missing; and 4 more; run with/);
});
