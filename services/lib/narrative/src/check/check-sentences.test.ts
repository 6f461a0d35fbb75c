import { expect, test } from "vitest";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { fillSentence } from "./check-sentences.ts";

const DELAY: ReasonFact = {
  ...{ id: "r1", label: "Verzug", direction: "increases", rank: 1, overallRank: 1, value: 45, unit: "Tage" },
  ...{ typical: 10, category: "", typicalCategory: "", quotes: [] },
};
const FACTS: NarrativeFacts = {
  ...{ riskScore: 0.5, band: "medium", prediction: null, reasons: [DELAY], missing: [] },
};

test("placeholders of a German sentence are written in their case", () => {
  const filled = (text: string): string => fillSentence(text, "S_1", FACTS, "de");
  expect(filled("{name:r1} liegt mit {value:r1} {compared:r1}.")).toBe(
    "Verzug liegt mit 45 Tagen über dem typischen Wert von 10 Tagen.",
  );
  expect(filled("{name:r1} beträgt {value:r1}, typisch sind {typical:r1}.")).toBe(
    "Verzug beträgt 45 Tage, typisch sind 10 Tage.",
  );
});
