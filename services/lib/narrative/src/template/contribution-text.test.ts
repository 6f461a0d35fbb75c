import { NO_FACTS } from "@bellwether/reasons/feature-info";
import { expect, test } from "vitest";
import { featureNames } from "../facts/feature-names.ts";
import { localContributionText } from "./contribution-text.ts";

const names = featureNames(
  [
    { name: "annual_revenue", de: { name: "Jahresumsatz", unit: "EUR" } },
    { name: "late_ratio", de: { name: "Anteil verspäteter Lieferungen", unit: "Anteil" } },
    { name: "region" },
    { name: "contract_text", de: { name: "Vertragstext" } },
  ],
  "de",
);
const none = { value: null, category: "" };
const german = (entry: Parameters<typeof localContributionText>[0], facts = NO_FACTS): string =>
  localContributionText(entry, facts, names, "de", "contract_text");

test.each([
  [
    { ...none, feature: "annual_revenue", value: 4654041 },
    { unit: "eur", typical: 1275000 },
    "Jahresumsatz (4.654.041 EUR, typisch 1.275.000)",
  ],
  [
    { ...none, feature: "late_ratio", value: 0.45 },
    { unit: "share", typical: 0.165 },
    "Anteil verspäteter Lieferungen (0,45, typisch 0,165)",
  ],
  [{ ...none, feature: "annual_revenue" }, { unit: "eur", typical: 5 }, "Jahresumsatz (nicht bekannt, typisch 5)"],
  [{ ...none, feature: "region", category: "north" }, { typicalCategory: "south" }, "region (north, meist south)"],
  [{ ...none, feature: "contract_text:supplier", value: 0.08972 }, {}, "Vertragstext: supplier (0,08972)"],
  [{ ...none, feature: "contract_text:late. All is well", value: 0 }, {}, "Vertragstext: „late. All is well“ (0)"],
])("%j in German", (entry, facts, expected) => {
  expect(german(entry, { ...NO_FACTS, ...facts })).toBe(expected);
});
