import type { Band } from "@bellwether/contract/band-codes";
import type { Language } from "../facts/language.ts";
import { dativeQuantity } from "../facts/quantity-text.ts";

/** The texts of the template in one language. */
export interface Phrases {
  readonly and: string;
  readonly typical: string;
  readonly mostOften: string;
  readonly notKnown: string;
  readonly bands: Readonly<Record<Band, string>>;
  readonly noScore: (supplierId: string) => string;
  readonly score: (supplierId: string, score: string, band: string) => string;
  readonly prediction: (supplierId: string, prediction: string) => string;
  readonly increased: (reasons: string) => string;
  readonly lowered: (reasons: string) => string;
  readonly alsoIncreased: (reasons: string) => string;
  readonly alsoLowered: (reasons: string) => string;
  readonly missing: (features: string) => string;
  readonly words: (quotes: string) => string;
  readonly quoted: (text: string) => string;
  /** Where a value lies relative to the typical value. */
  readonly compared: Readonly<Record<"above" | "below" | "same", (typical: string) => string>>;
  /** What one reason does, and what several do. */
  readonly effects: Readonly<Record<"increases" | "lowers", { readonly one: string; readonly several: string }>>;
}

/** The texts of the template. */
export const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    and: "and",
    typical: "typical",
    mostOften: "most often",
    notKnown: "not known",
    bands: { unknown: "unknown", low: "low", medium: "medium", high: "high" },
    noScore: (id) => `${id} has too little data for a score.`,
    score: (id, score, band) => `${id} has a risk score of ${score} (${band}).`,
    prediction: (id, prediction) =>
      `The model answers ${prediction} for ${id}: it is a regressor, whose number has no risk score and no band.`,
    increased: (reasons) => `It is increased most by ${reasons}.`,
    lowered: (reasons) => `It is lowered most by ${reasons}.`,
    alsoIncreased: (reasons) => `The risk is increased by ${reasons}.`,
    alsoLowered: (reasons) => `The risk is lowered by ${reasons}.`,
    missing: (features) => `Not known: ${features}.`,
    words: (quotes) => `words such as ${quotes}`,
    quoted: (text) => `"${text}"`,
    compared: {
      above: (typical) => `above the typical ${typical}`,
      below: (typical) => `below the typical ${typical}`,
      same: (typical) => `at the typical ${typical}`,
    },
    effects: {
      increases: { one: "increases the risk", several: "increase the risk" },
      lowers: { one: "lowers the risk", several: "lower the risk" },
    },
  },
  de: {
    and: "und",
    typical: "typisch",
    mostOften: "meist",
    notKnown: "nicht bekannt",
    bands: { unknown: "unbekannt", low: "niedrig", medium: "mittel", high: "hoch" },
    noScore: (id) => `${id} hat zu wenige Daten für einen Risikowert.`,
    score: (id, score, band) => `${id} hat einen Risikowert von ${score} (${band}).`,
    prediction: (id, prediction) =>
      `Das Modell antwortet ${prediction} für ${id}: Es ist ein Regressor, dessen Zahl weder Risikowert noch Risikostufe hat.`,
    increased: (reasons) => `Er wird am stärksten erhöht durch ${reasons}.`,
    lowered: (reasons) => `Er wird am stärksten gesenkt durch ${reasons}.`,
    alsoIncreased: (reasons) => `Das Risiko wird erhöht durch ${reasons}.`,
    alsoLowered: (reasons) => `Das Risiko wird gesenkt durch ${reasons}.`,
    missing: (features) => `Nicht bekannt: ${features}.`,
    words: (quotes) => `Wörter wie ${quotes}`,
    quoted: (text) => `„${text}“`,
    compared: {
      above: (typical) => `über dem typischen Wert von ${dativeQuantity(typical)}`,
      below: (typical) => `unter dem typischen Wert von ${dativeQuantity(typical)}`,
      same: (typical) => `beim typischen Wert von ${dativeQuantity(typical)}`,
    },
    effects: {
      increases: { one: "erhöht das Risiko", several: "erhöhen das Risiko" },
      lowers: { one: "senkt das Risiko", several: "senken das Risiko" },
    },
  },
};
