import { expect, test } from "vitest";
import { pathMatcher } from "./path-parameters.ts";

test("a path without parameters fits exactly", () => {
  const match = pathMatcher("/predict");
  expect(match("/predict")).toEqual({});
  expect(match("/predict/")).toBeUndefined();
  expect(match("/Predict")).toBeUndefined();
});

test("a parameter is one part of the path, decoded and not empty", () => {
  const match = pathMatcher("/v2/models/{model}/versions/{version}/infer");
  expect(match("/v2/models/supplier%20risk/versions/1/infer")).toEqual({ model: "supplier risk", version: "1" });
  expect(match("/v2/models/a%2Fb/versions/1/infer")).toEqual({ model: "a/b", version: "1" });
  expect(match("/v2/models//versions/1/infer")).toBeUndefined();
  expect(match("/v2/models/a/b/versions/1/infer")).toBeUndefined();
  expect(match("/v2/models/%E0%A4%A/versions/1/infer")).toBeUndefined();
  expect(match("/v2/models/a/versions/1/infer/")).toBeUndefined();
});
