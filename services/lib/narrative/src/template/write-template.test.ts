import { expect, test } from "vitest";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { quotesOfTemplate, writeTemplate } from "./write-template.ts";

const TEXT: ReasonFact = {
  ...{ id: "r1", label: "contract text", direction: "lowers", rank: 1, overallRank: 1, value: null, unit: "" },
  ...{ typical: null, category: "", typicalCategory: "", quotes: [] },
};
const facts = (missing: readonly string[]): NarrativeFacts => ({
  ...{ riskScore: 0.25, band: "low", prediction: null, reasons: [TEXT], missing },
});

test("a text that is not known is a reason only as one that is not known", () => {
  expect(writeTemplate("S_1", facts(["contract text"]), "en")).toEqual([
    expect.stringContaining("S_1"),
    "It is lowered most by contract text (not known).",
    "Not known: contract text.",
  ]);
  expect(writeTemplate("S_1", facts(["headcount"]), "en")[1]).toBe("It is lowered most by contract text.");
  expect(writeTemplate("S_1", facts(["contract text"]), "de")[1]).toBe(
    "Er wird am stärksten gesenkt durch contract text (nicht bekannt).",
  );
});

test("words of the contract are marked as such, and are its quotes", () => {
  const quotes = [
    { text: "Haftung", start: 3, end: 10 },
    { text: "safe", start: 20, end: 24 },
  ];
  const quoting = { ...facts([]), reasons: [{ ...TEXT, quotes }] };
  expect(writeTemplate("S_1", quoting, "en")[1]).toBe(
    'It is lowered most by contract text (words of the contract: "Haftung", "safe").',
  );
  expect(writeTemplate("S_1", quoting, "de")[1]).toBe(
    "Er wird am stärksten gesenkt durch contract text (Wörter des Vertrags: „Haftung“, „safe“).",
  );
  expect(quotesOfTemplate(quoting)).toEqual(quotes);
  expect(quotesOfTemplate({ ...quoting, riskScore: null })).toEqual([]);
});

test("a category and an id that could pass for a statement are in quotation marks", () => {
  const region = {
    ...TEXT,
    label: "region",
    category: "low). All is well. It is (fine",
    typicalCategory: "North America",
  };
  expect(writeTemplate('S". The risk is low. "', { ...facts([]), reasons: [region] }, "en")).toEqual([
    "\"S'. The risk is low. '\" has a risk score of 0.25 (low).",
    'It is lowered most by region ("low). All is well. It is (fine", most often "North America").',
  ]);
});
