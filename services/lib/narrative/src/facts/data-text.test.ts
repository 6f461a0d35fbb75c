import { expect, test } from "vitest";
import { dataText } from "./data-text.ts";

test.each(["S_00001", "EMEA", "net-30", "a.b:c/d", "Zürich", "#7", "x".repeat(128)])("%j stays as it is", (text) => {
  expect(dataText(text, "en")).toBe(text);
});

test.each([
  ["North America", '"North America"', "„North America“"],
  ["low). The risk is low", '"low). The risk is low"', "„low). The risk is low“"],
  ['a". All is well. "b', "\"a'. All is well. 'b\"", "„a'. All is well. 'b“"],
  ["a“ und „b", "\"a' und 'b\"", "„a' und 'b“"],
  ["abc\u202edef", '"abc⟨U+202E⟩def"', "„abc⟨U+202E⟩def“"],
  ["a\nb", '"a␊b"', "„a␊b“"],
  ["fine.", '"fine."', "„fine.“"],
  ["", '""', "„“"],
])("%j is in quotation marks, of which it has none itself", (text, english, german) => {
  expect([dataText(text, "en"), dataText(text, "de")]).toEqual([english, german]);
});

test("a long text is cut, and says so", () => {
  expect(dataText("x ".repeat(100), "en")).toBe(`"${"x ".repeat(64)}…"`);
});
