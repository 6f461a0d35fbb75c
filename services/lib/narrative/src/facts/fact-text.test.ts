import { expect, test } from "vitest";
import { localQuantity } from "./fact-text.ts";
import type { Language } from "./language.ts";

test.each<[number, string, Language, string]>([
  [1, "disputes", "en", "1 dispute"],
  [-1, "days", "en", "-1 day"],
  [1.000_04, "days", "en", "1 day"],
  [0, "disputes", "en", "0 disputes"],
  [1.5, "days", "en", "1.5 days"],
  [1, "usd", "en", "1 usd"],
  [1, "Streitfälle", "de", "1 Streitfall"],
  [1, "Tage", "de", "1 Tag"],
  [1, "Arbeitstage", "de", "1 Arbeitstag"],
  [1, "Transaktionen", "de", "1 Transaktion"],
  [1, "Länder", "de", "1 Land"],
  [1, "Index", "de", "1 Index"],
  [1, "days", "de", "1 days"],
  [1.5, "Tage", "de", "1,5 Tage"],
  [0, "Tage", "de", "0 Tage"],
  [1, "", "de", "1"],
])("%d with the unit %j in %s is %j", (x, unit, language, text) => {
  expect(localQuantity(x, unit, language)).toBe(text);
});
