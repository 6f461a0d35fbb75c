import type { Band } from "@bellwether/contract/band-codes";
import type { Language } from "../facts/language.ts";
import { dativeQuantity } from "../facts/quantity-text.ts";
import type { Comparison } from "../facts/reason-values.ts";

/** The texts of the template in one language. */
export interface Phrases {
  readonly and: string;
  readonly typical: string;
  readonly mostOften: string;
  readonly notKnown: string;
  readonly bands: Readonly<Record<Band, string>>;
  /** For a supplier without a score whose features are all known: its model is a regressor. */
  readonly noScore: (supplierId: string) => string;
  readonly tooLittleData: (supplierId: string) => string;
  readonly score: (supplierId: string, score: string, band: string) => string;
  readonly prediction: (supplierId: string, prediction: string) => string;
  /** @param areStrongest whether no other contribution of this direction is as large as one of them */
  readonly increased: (reasons: string, areStrongest: boolean) => string;
  readonly lowered: (reasons: string, areStrongest: boolean) => string;
  readonly missing: (features: string) => string;
  readonly words: (quotes: string) => string;
  /** Behind the contract, whose lack of words is the reason. */
  readonly absentWords: string;
  /** Behind the contract, where none was sent. */
  readonly notSent: string;
  /** Where a value lies relative to the typical value. */
  readonly compared: Readonly<Record<Comparison, (typical: string) => string>>;
}

/** The texts of the template. */
export const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    and: "and",
    typical: "typical",
    mostOften: "most often",
    notKnown: "not known",
    bands: { unknown: "unknown", low: "low", medium: "medium", high: "high" },
    noScore: (id) => `${id} has no risk score.`,
    tooLittleData: (id) => `${id} has too little data for a score.`,
    score: (id, score, band) => `${id} has a risk score of ${score} (${band}).`,
    prediction: (id, prediction) =>
      `The model answers ${prediction} for ${id}: it is a regressor, whose number has no risk score and no band.`,
    increased: (reasons, areStrongest) => `It is increased${areStrongest ? " most" : ""} by ${reasons}.`,
    lowered: (reasons, areStrongest) => `It is lowered${areStrongest ? " most" : ""} by ${reasons}.`,
    missing: (features) => `Not known: ${features}.`,
    words: (quotes) => `words of the contract: ${quotes}`,
    absentWords: "words that it does not have",
    notSent: "no contract was sent",
    compared: {
      above: (typical) => `above the typical ${typical}`,
      below: (typical) => `below the typical ${typical}`,
      equal: (typical) => `at the typical ${typical}`,
    },
  },
  de: {
    and: "und",
    typical: "typisch",
    mostOften: "meist",
    notKnown: "nicht bekannt",
    bands: { unknown: "unbekannt", low: "niedrig", medium: "mittel", high: "hoch" },
    noScore: (id) => `${id} hat keinen Risikowert.`,
    tooLittleData: (id) => `${id} hat zu wenige Daten für einen Risikowert.`,
    score: (id, score, band) => `${id} hat einen Risikowert von ${score} (${band}).`,
    prediction: (id, prediction) =>
      `Das Modell antwortet ${prediction} für ${id}: Es ist ein Regressor, dessen Zahl weder Risikowert noch Risikostufe hat.`,
    increased: (reasons, areStrongest) => `Er wird ${areStrongest ? "am stärksten " : ""}erhöht durch ${reasons}.`,
    lowered: (reasons, areStrongest) => `Er wird ${areStrongest ? "am stärksten " : ""}gesenkt durch ${reasons}.`,
    missing: (features) => `Nicht bekannt: ${features}.`,
    words: (quotes) => `Wörter des Vertrags: ${quotes}`,
    absentWords: "Wörter, die darin nicht stehen",
    notSent: "es wurde kein Vertrag gesendet",
    compared: {
      above: (typical) => `über dem typischen Wert von ${dativeQuantity(typical)}`,
      below: (typical) => `unter dem typischen Wert von ${dativeQuantity(typical)}`,
      equal: (typical) => `beim typischen Wert von ${dativeQuantity(typical)}`,
    },
  },
};
