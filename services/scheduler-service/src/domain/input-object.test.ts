import { expect, test } from "vitest";
import { objectUrl } from "./input-object.ts";

test.each([
  ["s3://lake/in/week.csv?endpoint=http://localhost:9000", "in/week.csv", "s3://lake/in/week.csv"],
  ["s3://lake/in/2026-W47/", "in/2026-W47/part-0.parquet", "s3://lake/in/2026-W47/part-0.parquet"],
  ["azure://weekly?account=risk", "week.csv", "azure://weekly/week.csv"],
])("an object of %s has the URL of its bucket and key, without parameters", (input, key, url) => {
  expect(objectUrl(input, { key })).toBe(url);
});
