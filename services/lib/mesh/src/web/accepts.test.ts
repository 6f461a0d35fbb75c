import { expect, test } from "vitest";
import { accepts } from "./accepts.ts";

const JSON_TYPE = ["application/json"];

test.each([
  undefined,
  "",
  "*/*",
  "application/json",
  "Application/JSON; charset=utf-8",
  "application/*;q=0.1",
  "text/html, */*;q=0.8",
])("Accept %j accepts JSON", (accept) => {
  expect(accepts(accept, JSON_TYPE)).toBe(true);
});

test.each(["text/html", "application/json;q=0, */*", "application/xml, text/*", "*/*;q=0", "nonsense"])(
  "Accept %j does not accept JSON",
  (accept) => {
    expect(accepts(accept, JSON_TYPE)).toBe(false);
  },
);

test("one of several types is enough", () => {
  expect(accepts("application/json", ["application/x-ndjson", "application/json"])).toBe(true);
});
