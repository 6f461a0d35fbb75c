import { numberText } from "@bellwether/reasons/reason-text";
import type { Language } from "./language.ts";

/** Separators of numbers. */
const SEPARATORS: Readonly<Record<Language, { readonly decimal: string; readonly group: string }>> = {
  en: { decimal: ".", group: "," },
  de: { decimal: ",", group: "." },
};

/** Returns a number in the form of a language: "0.45" in English, "0,45" in German. Four significant digits. */
export const localNumber = (x: number, language: Language): string => localText(numberText(x), language);

/** Returns a risk score in the form of a language, with two decimals. */
export const localScore = (x: number, language: Language): string => localText(x.toFixed(2), language);

/** Returns a risk score as a whole percentage, with the same rounding as `localScore`: "87". */
export const scorePercent = (x: number): string => String(Math.round(Number(x.toFixed(2)) * 100));

/** Returns all forms of a number that mean exactly the same digits: with and without separators of thousands. */
export function numberForms(x: number, language: Language): string[] {
  const plain = localNumber(x, language);
  const { decimal, group } = SEPARATORS[language];
  const [whole = "", ...rest] = plain.split(decimal);
  const grouped = /^-?\d{4,}$/.test(whole) ? [whole.replace(/\B(?=(\d{3})+$)/g, group), ...rest].join(decimal) : plain;
  const forms = [...new Set([plain, grouped])];
  return forms.flatMap((form) => (form.startsWith("-") ? [form, `−${form.slice(1)}`] : [form]));
}

const localText = (text: string, language: Language): string => text.replace(".", SEPARATORS[language].decimal);
