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
  // U+3164 is a letter that is drawn as a space, U+FE0F a mark that is not drawn.
  ["X:\u3164risk\u3164low", '"X:⟨U+3164⟩risk⟨U+3164⟩low"', "„X:⟨U+3164⟩risk⟨U+3164⟩low“"],
  ["S\ufe0f1", '"S⟨U+FE0F⟩1"', "„S⟨U+FE0F⟩1“"],
  ["\u2764\ufe0f", '"\u2764\ufe0f"', "„\u2764\ufe0f“"],
  // Other characters that look like quotation marks, alone or in pairs.
  ["a\uff02 is low. \u2033b", "\"a' is low. 'b\"", "„a' is low. 'b“"],
  ["a'' is low. \"\"b", "\"a' is low. 'b\"", "„a' is low. 'b“"],
])("%j is in quotation marks, of which it has none itself", (text, english, german) => {
  expect([dataText(text, "en"), dataText(text, "de")]).toEqual([english, german]);
});

test("a long text is cut, and says so", () => {
  expect(dataText("x ".repeat(100), "en")).toBe(`"${"x ".repeat(64)}…"`);
});
