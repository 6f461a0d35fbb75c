import { expect, test } from "vitest";
import { dativeQuantity, localQuantity } from "./quantity-text.ts";

test.each([
  [1, "days", "en", "1 day"],
  [1.5, "days", "en", "1.5 days"],
  [1, "Tage", "de", "1 Tag"],
  [-1, "Tage", "de", "-1 Tag"],
  [1.5, "Tage", "de", "1,5 Tage"],
  [1, "Streitfälle", "de", "1 Streitfall"],
  [1, "Wochen", "de", "1 Woche"],
  [1, "USD", "de", "1 USD"],
  [1, "Vorgänge", "de", "1 Vorgänge"],
  [1, "", "de", "1"],
] as const)("%d %j in %s is %j", (x, unit, language, text) => {
  expect(localQuantity(x, unit, language)).toBe(text);
});

test.each([
  ["45 Tage", "45 Tagen"],
  ["1,5 Streitfälle", "1,5 Streitfällen"],
  ["1 Tag", "1 Tag"],
  ["45 Wochen", "45 Wochen"],
  ["45 USD", "45 USD"],
  ["45 Liter je Stunde", "45 Liter je Stunde"],
  ["45 %", "45 %"],
  ["45", "45"],
])("%j in the dative is %j", (quantity, text) => {
  expect(dativeQuantity(quantity)).toBe(text);
});
