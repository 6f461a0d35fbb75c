import { expect, test } from "vitest";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { reasonsSentence, writeTemplate } from "./write-template.ts";

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
  expect(reasonsSentence([TEXT], "lowers", "de", ["contract text"])).toEqual([
    "Das Risiko wird gesenkt durch contract text (nicht bekannt).",
  ]);
});
