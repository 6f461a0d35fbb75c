import { NarrativeLanguage } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { ContributionStrength } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { countText } from "@bellwether/reasons/count-text";

/** The words of `suppliers explain` in one language. */
export interface ExplanationWords {
  readonly riskScore: string;
  readonly none: string;
  readonly strengths: Readonly<Record<ContributionStrength, string>>;
  /** Behind a contribution that is part of the sum, but that `suppliers show` and the narrative do not name. */
  readonly notAReason: string;
  readonly others: (count: number) => string;
  /** Before a note of the service, which is in English. */
  readonly note: string;
  /** Returns a number with a fixed number of decimals. */
  readonly decimals: (x: number) => string;
}

const DECIMALS = 4;

const WORDS = {
  en: {
    ...{ riskScore: "risk score", none: "none", notAReason: "against the declared direction: not a reason" },
    strengths: {
      [ContributionStrength.UNSPECIFIED]: "",
      [ContributionStrength.WEAK]: "weak",
      [ContributionStrength.MODERATE]: "moderate",
      [ContributionStrength.STRONG]: "strong",
    },
    others: (count: number) => `${countText(count, "other")} together`,
    note: "note",
    decimals: (x: number) => x.toFixed(DECIMALS),
  },
  de: {
    ...{ riskScore: "Risikowert", none: "keiner", notAReason: "gegen die angegebene Richtung: kein Grund" },
    strengths: {
      [ContributionStrength.UNSPECIFIED]: "",
      [ContributionStrength.WEAK]: "schwach",
      [ContributionStrength.MODERATE]: "mittel",
      [ContributionStrength.STRONG]: "stark",
    },
    others: (count: number) => `${countText(count, "weiterer Beitrag", "weitere Beiträge zusammen")}`,
    note: "Hinweis (englisch)",
    decimals: (x: number) => x.toFixed(DECIMALS).replace(".", ","),
  },
} satisfies Record<string, ExplanationWords>;

/** Returns the words in the language in which the service answered; English where it named none. */
export const wordsIn = (language: NarrativeLanguage | undefined): ExplanationWords =>
  language === NarrativeLanguage.GERMAN ? WORDS.de : WORDS.en;
