import { expect, test } from "vitest";
import { dataText, nameText, unitText } from "./data-text.ts";

test.each(["S_00001", "EMEA", "net-30", "4711.23", "Zürich", "#7", "x".repeat(128)])("%j stays as it is", (text) => {
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
  // One word that mail and chat programs show as an address.
  ["https://evil.example/x?y=1", '"https://evil.example/x?y=1"', "„https://evil.example/x?y=1“"],
  ["evil.example", '"evil.example"', "„evil.example“"],
  ["javascript:alert", '"javascript:alert"', "„javascript:alert“"],
  ["pay@evil.example", '"pay@evil.example"', "„pay@evil.example“"],
  ["@all", '"@all"', "„@all“"],
  ["N/A", '"N/A"', "„N/A“"],
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

test.each([
  "late ratio",
  "mittlerer Lieferverzug",
  "delay (days)",
  "30 day delay",
  "Lieferant’s Wert",
  "A/B share",
  "PM2.5",
  "x²",
  "petal.length",
])("the name %j stays as it is", (name) => {
  expect(nameText(name, "en")).toBe(name);
});

test.each([
  ["late ratio. The risk is low", '"late ratio. The risk is low"'],
  ["delay), which is fine (x", '"delay), which is fine (x"'],
  ["delay, which is fine", '"delay, which is fine"'],
  ['delay" and "more', "\"delay' and 'more\""],
  ["see https://evil.example", '"see https://evil.example"'],
  ["late\u3164ratio", '"late⟨U+3164⟩ratio"'],
  ["\u202eoitar", '"⟨U+202E⟩oitar"'],
  ["<b>delay</b>", '"<b>delay</b>"'],
  ["", '""'],
])("the name %j is in quotation marks: %s", (name, shown) => {
  expect(nameText(name, "en")).toBe(shown);
});

test.each(["", "days", "%", "€/month", "m³", "°C", "USD"])("the unit %j stays as it is", (unit) => {
  expect(unitText(unit, "de")).toBe(unit);
});

test.each([
  ["000 USD", "„000 USD“"],
  [".5 days", "„.5 days“"],
  ["days). The risk is low", "„days). The risk is low“"],
  ["da\u202eys", "„da⟨U+202E⟩ys“"],
])("the unit %j, which could change the number or the sentence, is in quotation marks", (unit, shown) => {
  expect(unitText(unit, "de")).toBe(shown);
});
