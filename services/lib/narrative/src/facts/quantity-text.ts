import { withUnit } from "@bellwether/reasons/reason-text";
import { localNumber } from "./fact-text.ts";
import type { Language } from "./language.ts";

/** German units in the plural with their singular. Other units are shown as they are declared. */
const SINGULARS: readonly (readonly [plural: RegExp, singular: string])[] = [
  [/(tag|monat|jahr|punkt)e$/i, "$1"],
  [/(stunde|minute|woche|quote|rate)n$/i, "$1"],
  [/fälle$/, "fall"],
  [/Fälle$/, "Fall"],
  [/ungen$/, "ung"],
];

/** Returns a number with its unit in a language: "1.5 days", "1 day", "1,5 Tage", "1 Tag". @param unit "": none */
export function localQuantity(x: number, unit: string, language: Language): string {
  const number = localNumber(x, language);
  if (language === "en") return withUnit(number, unit);
  if (unit === "") return number;
  const [plural, singular = ""] = SINGULARS.find(([ending]) => ending.test(unit)) ?? [];
  return `${number} ${isOne(number) && plural ? unit.replace(plural, singular) : unit}`;
}

/** Returns a German quantity in the dative, as behind "von": "45 Tagen". Only units of one word have a case. */
export const dativeQuantity = (quantity: string): string =>
  isOne(quantity.split(" ", 1)[0] ?? "") ? quantity : quantity.replace(/^(\S+ \p{Lu}\p{Ll}*(?:e|el|er))$/u, "$1n");

const isOne = (number: string): boolean => number === "1" || number === "-1";
