import type { Reason } from "./reasons.ts";

/** A number for people: whole numbers whole, others with four significant digits. */
export const numberText = (x: number): string => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(4))));

/** A feature's name for people. */
export const featureText = (name: string): string => name.replaceAll("_", " ");

/** A reason as a clause: the feature with its value, unit and what is typical. */
export function reasonText({ feature, value, category, unit, typical, typicalCategory, words }: Reason): string {
  const name = featureText(feature);
  const inUnit = (x: number): string => (unit === "" ? numberText(x) : `${numberText(x)} ${unit}`);
  if (words.length > 0) return `${name} (words such as ${words.map((word) => `"${word}"`).join(", ")})`;
  if (category !== "")
    return `${name} (${category}${typicalCategory === "" || typicalCategory === category ? "" : `, most often ${typicalCategory}`})`;
  const usual = typical === null ? "" : `, typical ${numberText(typical)}`;
  if (value === null) return typical === null ? name : `${name} (not known${usual})`;
  return `${name} (${inUnit(value)}${usual})`;
}
