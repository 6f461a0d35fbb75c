import { expect, test } from "vitest";
import { replicaLines } from "./replica-status.ts";

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
