import { expect, test } from "vitest";
import { chooseModel, type ScoringModel } from "./choose-model.ts";

const model = (modelName: string, latestWeek: string, firstRunId: number): ScoringModel => ({
  modelName,
  latestWeek,
  firstRunId,
});

test.each<[string, ScoringModel[], string | undefined]>([
  ["no complete run: none", [], undefined],
  ["one model: that one", [model("a", "2026-W01", 1)], "a"],
  ["two in the same week: the older one", [model("b", "2026-W02", 2), model("a", "2026-W02", 1)], "a"],
  ["the younger one is a week ahead: still the older one", [model("b", "2026-W03", 2), model("a", "2026-W02", 1)], "a"],
  [
    "the older one is four weeks behind: still the older one",
    [model("a", "2026-W01", 1), model("b", "2026-W05", 2)],
    "a",
  ],
  ["the older one is five weeks behind: the younger one", [model("a", "2026-W01", 1), model("b", "2026-W06", 2)], "b"],
  [
    "the older one is four weeks behind, over a year of 53 weeks: still the older one",
    [model("a", "2026-W50", 1), model("b", "2027-W01", 2)],
    "a",
  ],
  [
    "the older one is five weeks behind, over a year of 53 weeks: the younger one",
    [model("a", "2026-W49", 1), model("b", "2027-W01", 2)],
    "b",
  ],
  [
    "each model is two weeks behind the next: the oldest that is at most four weeks behind the newest",
    [1, 3, 5, 7].map((week, i) => model(`m${i}`, `2026-W0${week}`, i + 1)),
    "m1",
  ],
  ["a model on trial has only forced weeks: the other one", [model("trial", "", 1), model("a", "2026-W01", 2)], "a"],
  ["all models have only forced weeks: the oldest", [model("b", "", 2), model("a", "", 1)], "a"],
])("%s is the default", (_what, models, chosen) => {
  expect(chooseModel(models, "")).toBe(chosen);
});

test("a named model is accepted when it has a complete run, and rejected otherwise", () => {
  const models = [model("a", "2026-W01", 1), model("b", "2026-W01", 2)];
  expect(chooseModel(models, "b")).toBe("b");
  expect(() => chooseModel(models, "c")).toThrow('no complete run of the model "c"; models that have one: a, b');
  expect(() => chooseModel([], "c")).toThrow("no model has one yet");
});
