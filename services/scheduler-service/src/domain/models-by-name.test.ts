import { expect, test } from "vitest";
import { createModelsByName } from "./models-by-name.ts";
import { isRetrainJobId, modelOfJobId, queueNamesOf } from "./queue-names.ts";

const models = createModelsByName({ modelName: "supplier-risk" }, [{ modelName: "delivery" }, { modelName: "a-3" }]);

test("an empty name is the default model; an unknown one is an error with the known ones", () => {
  expect(models.choose("").modelName).toBe("supplier-risk");
  expect(models.choose("delivery").modelName).toBe("delivery");
  const unknown = 'this scheduler has no model "DELIVERY"; it has: supplier-risk, delivery, a-3';
  expect(() => models.choose("DELIVERY")).toThrow(unknown);
});

test("the default model keeps the names of its queues, and those of the others differ for each model", () => {
  expect(queueNamesOf(null)).toEqual({ weekly: "weekly", retrain: "retrain" });
  const names = ["delivery", "a", "a-3", "retrain", "weekly"].flatMap((name) => Object.values(queueNamesOf(name)));
  expect(new Set([...names, "weekly", "retrain"]).size).toBe(12);
});

test.each([
  ["weekly-2026-W47", null],
  ["retrain-3", null],
  ["repeat:weekly:1795000000000", null],
  ["weekly.delivery-2026-W47", "delivery"],
  ["repeat:weekly.delivery:1795000000000", "delivery"],
  ["retrain.a-3-7", "a-3"],
  ["weekly.a-3-2026-W47", "a-3"],
  ["weekly.-2026-W47", null],
  ["monthly.delivery-2026-W47", null],
  ["weekly.delivery", null],
  ["", null],
])("the job %j is of the model %j", (jobId, modelName) => {
  expect(modelOfJobId(jobId)).toBe(modelName);
  expect(models.ofJob(jobId).modelName).toBe(modelName ?? "supplier-risk");
});

test("a job of a model that is not configured any more is an error", () => {
  expect(() => models.ofJob("retrain.gone-1")).toThrow('no model "gone"');
});

test.each([
  ["retrain-1", true],
  ["retrain.delivery-1", true],
  ["weekly-2026-W47", false],
  ["weekly.retrain-2026-W47", false],
  ["retrainer", false],
])("%j is the id of a retrain: %j", (jobId, isRetrain) => expect(isRetrainJobId(jobId)).toBe(isRetrain));
