import { expect, test } from "vitest";
import { isPattern } from "./re2-pattern.ts";

test.each([
  ...[
    "n/?a",
    "(?i)n/?a|open",
    "a(?i)b",
    "(?i:x)y",
    "(?P<mark>-)+",
    "\\Q(a\\E",
    "\\Q(a",
    "[[:alpha:]]+",
    "\\pN+",
    "-{2,}",
    "(?s-m).*",
  ],
  ...["\\\\1", "[]a]", "\\(a", "x".repeat(200)],
])("%j is a pattern", (pattern) => {
  expect(isPattern(pattern)).toBe(true);
});

test.each(["(a", "a)", "[a", "*a", "a{3,2}", "(?=a)", "(?<!a)b", "(a)\\1", "\\", "", "x".repeat(201), 7, null])(
  "%j is not a pattern",
  (pattern) => {
    expect(isPattern(pattern)).toBe(false);
  },
);
