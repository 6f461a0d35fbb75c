import { describe, expect, test } from "vitest";
import { inputUrlOf } from "./input-url.ts";
import { InputNotFoundError } from "./scheduler-error.ts";

const QUERY = "?endpoint=http://127.0.0.1:9000";
const LOCAL = { inputFolder: "/data/in", input: "week.csv" };
const BY_FOLDER = { inputFolder: `s3://lake/in${QUERY}`, input: "week.csv" };
const BY_INPUT = { inputFolder: "/data/in", input: `s3://lake/in/{week}/week.csv${QUERY}` };

describe("a folder of the disk", () => {
  test("has paths, and no URL", () => {
    expect(inputUrlOf("week.csv", LOCAL)).toBeNull();
    expect(() => inputUrlOf("s3://lake/in/week.csv", LOCAL)).toThrow(InputNotFoundError);
  });
});

describe("a folder in an object store", () => {
  test("has keys below it", () => {
    expect(inputUrlOf("a/week.csv", BY_FOLDER)).toBe(`s3://lake/in/a/week.csv${QUERY}`);
    expect(inputUrlOf("", BY_FOLDER)).toBe(`s3://lake/in/${QUERY}`);
    expect(() => inputUrlOf("../out.csv", BY_FOLDER)).toThrow('is empty, "." or ".."');
    expect(() => inputUrlOf("a?endpoint=http://elsewhere", BY_FOLDER)).toThrow();
  });

  test("has URLs below it, with the parameters of the configuration", () => {
    expect(inputUrlOf("s3://lake/in/x.csv", BY_FOLDER)).toBe(`s3://lake/in/x.csv${QUERY}`);
    expect(inputUrlOf("s3://lake/in/2026/", BY_FOLDER)).toBe(`s3://lake/in/2026/${QUERY}`);
    expect(inputUrlOf(`s3://lake/in/x.csv${QUERY}`, BY_FOLDER)).toBe(`s3://lake/in/x.csv${QUERY}`);
  });
});

test("a configured URL allows its own folder, without the part with placeholders", () => {
  expect(inputUrlOf(`s3://lake/in/2026-W47/week.csv${QUERY}`, BY_INPUT)).toBe(`s3://lake/in/2026-W47/week.csv${QUERY}`);
  expect(inputUrlOf("s3://lake/in/corrected.csv", BY_INPUT)).toBe(`s3://lake/in/corrected.csv${QUERY}`);
  expect(inputUrlOf("week.csv", BY_INPUT)).toBeNull();
});

test.each([
  "s3://lake/other/week.csv",
  "s3://lake/in-other/week.csv",
  "s3://another/in/week.csv",
  "azure://lake/in/week.csv",
  "s3://lake/in/week.csv?endpoint=http://169.254.169.254",
  "s3://lake/in/week.csv?region=eu-west-1",
])("a caller cannot name %s", (url) => {
  for (const places of [BY_FOLDER, BY_INPUT]) expect(() => inputUrlOf(url, places)).toThrow(InputNotFoundError);
});

test("a URL with a secret is rejected without showing it", () => {
  for (const url of ["s3://AKIA:hidden@lake/in/x", "https://x.blob.core.windows.net/c/x?sig=hidden"])
    expect(() => inputUrlOf(url, BY_FOLDER)).toThrow(/^(?!.*hidden)/);
});
