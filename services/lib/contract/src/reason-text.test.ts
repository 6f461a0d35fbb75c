import { expect, test } from "vitest";
import { hasVisibleCharacter, oneLine, REASON_PATTERN, SHORT_REASON_PATTERN, trimReason } from "./reason-text.ts";

test.each(["the branch was sold", "x", " x ", "理由", "❤️", "\u00a0x\u200b", "-", "a\u200db"])(
  "%j is a reason",
  (text) => {
    expect(REASON_PATTERN.test(text)).toBe(true);
  },
);

test.each([
  "",
  " ",
  "\u00a0",
  "\u200b",
  "\u200b \ufeff\u2060",
  "\u3164",
  "\u2800\u2800",
  "\ufe0f",
  "\t",
  "\n",
  "two\nlines",
  "a\r",
  "a\0",
  "a\u0085b",
  "a\u2028b",
  "\u001b[31mred",
])("%j is not a reason", (text) => {
  expect(REASON_PATTERN.test(text)).toBe(false);
});

test("a character that readers see can be beside others", () => {
  expect(["x", "\n\tx", "\u200bé"].map(hasVisibleCharacter)).toEqual([true, true, true]);
  expect(["", " \n", "\u200b\u3164", "\u0301"].map(hasVisibleCharacter)).toEqual([false, false, false, false]);
});

test("a short reason has 1 to 500 characters, of any number of bytes", () => {
  expect(SHORT_REASON_PATTERN.test("😀".repeat(500))).toBe(true);
  expect(SHORT_REASON_PATTERN.test("😀".repeat(501))).toBe(false);
  expect(SHORT_REASON_PATTERN.test(" ".repeat(10))).toBe(false);
});

test("the ends are trimmed, and control characters become blanks", () => {
  expect(trimReason(" \u200b\u00a0a b\ufeff ")).toBe("a b");
  expect(trimReason("a\u200db")).toBe("a\u200db");
  expect(trimReason("cafe\u0301 ")).toBe("cafe\u0301");
  expect(oneLine("\tfirst\r\n second\0\u2028")).toBe("first  second");
  expect(oneLine("\n")).toBe("");
});
