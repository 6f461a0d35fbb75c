import { expect, test } from "vitest";
import { printable, printableJson, printableLines, printableStart, widthOf } from "./printable.ts";

const HOSTILE = "a\u001b[31mred\u0007 \u202Egnp.exe \u2066x\u2069 \u0085\u2028 \u{E0001}";

test("control characters and marks of direction are printed as escapes", () => {
  expect(printable(HOSTILE)).toBe(
    "a\\u{1b}[31mred\\u{7} \\u{202e}gnp.exe \\u{2066}x\\u{2069} \\u{85}\\u{2028} \\u{e0001}",
  );
  expect(printable("Müller 株式会社 🏭")).toBe("Müller 株式会社 🏭");
});

test("JSON has them as escapes, and its value is the same", () => {
  const line = printableJson({ [HOSTILE]: HOSTILE });
  expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
  expect(JSON.parse(line)).toEqual({ [HOSTILE]: HOSTILE });
});

test("a text of several lines keeps its line feeds and tabs", () => {
  expect(printableLines("a\tb\r\n\u001b[2Jc\n")).toBe("a\tb\\u{d}\n\\u{1b}[2Jc\n");
});

test("a long text is cut to a width with an ellipsis, and no escape is cut in two", () => {
  expect(printableStart("x".repeat(100), 100)).toBe("x".repeat(100));
  expect(printableStart("x".repeat(101), 100)).toBe(`${"x".repeat(99)}…`);
  expect(printableStart("ab\u001bcdef", 6)).toBe("ab…");
  expect(widthOf(printableStart("🏭".repeat(20), 10))).toBe(10);
});
