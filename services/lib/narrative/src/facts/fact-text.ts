import { numberText } from "@bellwether/reasons/reason-text";
import { scoreText } from "@bellwether/reasons/score-text";
import type { Language } from "./language.ts";

/** Separators of numbers. */
const SEPARATORS: Readonly<Record<Language, { readonly decimal: string; readonly group: string }>> = {
  en: { decimal: ".", group: "," },
  de: { decimal: ",", group: "." },
};

/**
 * Returns a number in the form of a language: "0.45" in English, "0,45" in German. Four significant digits; from
 * 10,000 on, the thousands are separated.
 */
export function localNumber(x: number, language: Language): string {
  const [whole = "", ...rest] = numberText(x).split(".");
  const { decimal, group } = SEPARATORS[language];
  const grouped = /^-?\d{5,}$/.test(whole) ? whole.replace(/\B(?=(\d{3})+$)/g, group) : whole;
  return [grouped, ...rest].join(decimal);
}

/** Returns a risk score in the form of a language, with two decimals, or with more beside a limit of a band. */
export const localScore = (x: number, language: Language, bandLimits: readonly number[] = []): string =>
  scoreText(x, bandLimits).replace(".", SEPARATORS[language].decimal);
