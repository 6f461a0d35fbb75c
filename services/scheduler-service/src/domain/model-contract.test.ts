import { expect, test } from "vitest";
import { checkContract, type ModelFeature } from "./model-contract.ts";

const numeric = (name: string, unit = "days"): ModelFeature => ({ name, kind: "numeric", unit });
const TAKES = [numeric("delay"), { name: "region", kind: "category", unit: "" }] as const;
const check =
  (gives: readonly ModelFeature[], takes: readonly ModelFeature[] = TAKES) =>
  () =>
    checkContract("supplier-risk v3", takes, gives);

test("a configuration that gives what the model takes passes, in any order", () => {
  expect(check(TAKES.toReversed())).not.toThrow();
});

test("every feature that is not given, not taken, of another kind or in another unit is named at once", () => {
  const gives: ModelFeature[] = [numeric("delay", "hours"), numeric("region"), numeric("spend", "usd")];
  expect(check(gives, [...TAKES, numeric("disputes", "units")])).toThrow(
    'the configuration does not give what supplier-risk v3 takes: "delay" is in days, the configuration says hours; "region" is a category feature, the configuration says numeric; "disputes" is not given; "spend" is not a feature of the model; run with',
  );
});

test("a unit that one side does not know is not compared", () => {
  expect(check(TAKES, [numeric("delay", ""), TAKES[1]])).not.toThrow();
  expect(check([numeric("delay", ""), TAKES[1]])).not.toThrow();
});

test("a model whose features are not known is not checked", () => {
  expect(check([], [])).not.toThrow();
});

test("of many mistakes ten are shown and the others counted", () => {
  const takes = Array.from({ length: 14 }, (_, i) => numeric(`f${i}`));
  expect(check([], takes)).toThrow(/"f9" is not given; and 4 more; run with/);
});
