import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { reasonPhrase, whySentence } from "./why-sentence.ts";

const EN = ["en"];
type ScoreInit = MessageInitShape<typeof SupplierScoreSchema>;
const sentence = (init: ScoreInit) => whySentence(create(SupplierScoreSchema, init), EN);
const phrase = (init: MessageInitShape<typeof ReasonSchema>) => reasonPhrase(create(ReasonSchema, init), EN);

const DISPUTES = { feature: "past_disputes", value: 7, unit: "disputes", typical: 1, contribution: 0.5 };
const STABILITY = { feature: "stability_index", value: 0.35, unit: "index", contribution: 0.3 };
const AGE = { feature: "years_of_relation", value: 12, unit: "years", typical: 8, contribution: -0.2 };

test("a high score is explained by what increases it, in one sentence", () => {
  expect(sentence({ band: Band.HIGH, reasons: [DISPUTES, AGE, STABILITY] })).toBe(
    "High because of 7 past disputes (typical 1) and a stability index of 0.35.",
  );
});

test("a low score is explained by what lowers it, and at most three reasons are named", () => {
  expect(sentence({ band: Band.LOW, reasons: [DISPUTES, AGE] })).toBe(
    "Low because of 12 years of relation (typical 8).",
  );
  const many = [1, 2, 3, 4].map((i) => ({ ...DISPUTES, feature: `kind_${i}_disputes`, contribution: 1 / i }));
  expect(sentence({ band: Band.MEDIUM, reasons: many })).toBe(
    "Medium because of 7 kind 1 disputes (typical 1), 7 kind 2 disputes (typical 1) and 7 kind 3 disputes (typical 1).",
  );
});

test("a score without a matching reason, and a supplier without a score, say so", () => {
  expect(sentence({ band: Band.HIGH, reasons: [AGE] })).toBe("High: no single value explains the score.");
  expect(sentence({ band: Band.UNKNOWN, featuresPresent: 3, featuresTotal: 16 })).toBe(
    "Unknown: too few values of this supplier are known (3 of 16), so there is no score.",
  );
});

test("each kind of value has its phrase", () => {
  expect(phrase({ feature: "avg_delay", value: 38.25, unit: "days", typical: 12 })).toBe(
    "an avg delay of 38.25 days (typical 12)",
  );
  expect(phrase({ feature: "region", category: "US", typicalCategory: "EU" })).toBe("the region US (most often EU)");
  expect(phrase({ feature: "region", category: "EU", typicalCategory: "EU" })).toBe("the region EU");
  expect(phrase({ feature: "avg_delay", unit: "days", typical: 12 })).toBe("an unknown avg delay");
  expect(phrase({ feature: "contract_text", text: 'contract text with "penalty"' })).toBe(
    'contract text with "penalty"',
  );
  expect(phrase({ feature: "sanctions_hits", value: 2 })).toBe("2 sanctions hits");
  expect(phrase({ feature: "audit_status", value: 2 })).toBe("an audit status of 2");
  expect(phrase({ feature: "spend", text: "spend" })).toBe("spend");
});

test("a name of another language is shown as it is, without an English article or plural", () => {
  expect(phrase({ feature: "Reklamationen_letztes_Jahr", value: 7, typical: 1 })).toBe(
    "Reklamationen letztes Jahr 7 (typical 1)",
  );
  expect(phrase({ feature: "lieferverzug", value: 3, unit: "Tage", typical: 1 })).toBe(
    "lieferverzug 3 Tage (typical 1)",
  );
  expect(phrase({ feature: "Verspätete_Lieferungen_in_%", value: 12.5 })).toBe("Verspätete Lieferungen in % 12.5");
  expect(phrase({ feature: "Land", category: "DE", typicalCategory: "FR" })).toBe("Land DE (most often FR)");
  expect(phrase({ feature: "Umsatz", typical: 12 })).toBe("Umsatz not known");
  expect(sentence({ band: Band.HIGH, reasons: [{ ...DISPUTES, feature: "Reklamationen", unit: "" }] })).toBe(
    "High because of Reklamationen 7 (typical 1).",
  );
});
