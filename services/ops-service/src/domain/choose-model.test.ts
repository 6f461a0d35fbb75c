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
    "the older one is beyond the four latest weeks: the next",
    [1, 2, 3, 4, 5].map((number) => model(`m${number}`, `2026-W0${number}`, number)),
    "m2",
  ],
])("%s is the default", (_what, models, chosen) => {
  expect(chooseModel(models, "")).toBe(chosen);
});

test("a named model is accepted when it has a complete run, and rejected otherwise", () => {
  const models = [model("a", "2026-W01", 1), model("b", "2026-W01", 2)];
  expect(chooseModel(models, "b")).toBe("b");
  expect(() => chooseModel(models, "c")).toThrow('no complete run of the model "c"; models that have one: a, b');
  expect(() => chooseModel([], "c")).toThrow("no model has one yet");
});
