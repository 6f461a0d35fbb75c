import { expect, test } from "vitest";
import { rejectionsOf, replicaLines } from "./replica-status.ts";

const STATUS = {
  ...{
    url: "http://risk:9081",
    replica: "a:7",
    model: "supplier-risk",
    champion: "v2",
    served: "v2",
    model_digest: "",
  },
  ...{
    served_since: "2026-11-23T06:00:00.000Z",
    rejection: null,
    checks: [],
    rejections: [],
    other_versions: [],
    error: null,
  },
};

test("a replica says what it serves, and the other models and versions that it has loaded", () => {
  expect(replicaLines(STATUS)).toEqual([
    "a:7 (http://risk:9081): serves supplier-risk v2 since 2026-11-23T06:00:00.000Z",
  ]);
  expect(replicaLines({ ...STATUS, other_versions: ["supplier-risk/v1", "terms/v3"] }).at(-1)).toBe(
    "  also loaded, for requests that name them: supplier-risk/v1, terms/v3",
  );
});

test("the rejections of a version are those of all replicas, each once, with the failed check", () => {
  const rejection = {
    ...{ model: "supplier-risk", version: "v3", reason: "golden row 0: recorded 1, this runtime returns 2" },
    ...{ at: "2026-11-23T06:00:00.000Z", checks: [{ name: "golden_rows", outcome: "failed", detail: "" }] },
  };
  const unread = { ...rejection, version: "v4", reason: "no manifest.json", checks: [] };
  const replicas = [
    { ...STATUS, rejection, rejections: [rejection] },
    { ...STATUS, replica: "b:9", rejection: unread, rejections: [rejection] },
    { ...STATUS, replica: "", error: "it does not answer" },
  ];
  const { reason, at } = rejection;
  expect(rejectionsOf(replicas, "supplier-risk", "v3")).toEqual([
    { replica: "a:7", reason, at, check: "golden_rows" },
    { replica: "b:9", reason, at, check: "golden_rows" },
  ]);
  expect(rejectionsOf(replicas, "supplier-risk", "v4")).toMatchObject([{ replica: "b:9", check: "not reached" }]);
  expect(rejectionsOf(replicas, "other", "v3")).toEqual([]);
});
