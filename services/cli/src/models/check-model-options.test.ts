import { expect, test } from "vitest";
import { checkModelOptions } from "./check-model-options.ts";

const url = "http://localhost:8081";

test.each([
  { url, model: "late" },
  { url, modelVersion: "v2" },
])("rejects %j", (options) => {
  expect(() => checkModelOptions(options)).toThrow("cannot be combined with --url");
});

test.each([{ url }, { model: "late", modelVersion: "v2" }, {}])("accepts %j", (options) => {
  expect(() => checkModelOptions(options)).not.toThrow();
});
