import { expect, test } from "vitest";
import { checkQueryText } from "./query-text.ts";

test.each(["text=%zz", "text=%", "text=a%2", "text=50%&x=1", "%g0=1"])(
  "the broken escape of %s is rejected",
  (query) => {
    expect(() => checkQueryText(query)).toThrow(
      /the query has the broken escape %.{0,2}; write %25 for a percent sign/,
    );
  },
);

test("escaped bytes must be UTF-8", () => {
  expect(() => checkQueryText("text=%ff")).toThrow("the query is not UTF-8: %ff");
  expect(() => checkQueryText("text=50%25&x=%C3%BC+%e2%82%AC")).not.toThrow();
});
