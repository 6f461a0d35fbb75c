import type { Reason } from "./select-reasons.ts";

/** Returns a number for people: whole numbers in full, others with four significant digits. */
export const numberText = (x: number): string => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(4))));

/** Returns ", was X" with an earlier value; "" where it is not known, or people would read the same value twice. */
export function wasText(value: number | null | undefined, previous: number | null | undefined): string {
  if (previous === null || previous === undefined) return "";
  if (typeof value !== "number") return `, was ${numberText(previous)}`;
  // Beside a whole number in full, an earlier one with four digits seems to be another: 313677, was 313700.
  const isFull = Number.isInteger(value) && Number.isInteger(previous);
  const isSame = isFull ? value === previous : value.toPrecision(4) === previous.toPrecision(4);
  return isSame ? "" : `, was ${numberText(previous)}`;
}

/** Returns a feature's name for people. */
export const featureText = (name: string): string => name.replaceAll("_", " ");

/** Returns the unit to show beside a name for people; "" where it is a word of the name: "past disputes 7". */
export const unitBeside = (name: string, unit: string): string => (` ${name} `.includes(` ${unit} `) ? "" : unit);

/** Endings of units in English, with their singular. Other units are shown as they are declared. */
const SINGULARS: readonly (readonly [ending: RegExp, singular: string])[] = [
  [/^(?:series|species|lens|.{0,3})$/i, "$&"],
  [/(?:ss|us|is)$/, "$&"],
  [/([a-z]{2})ies$/, "$1y"],
  [/(x|ch|sh|ss)es$/, "$1"],
  [/([a-z]{3})s$/, "$1"],
];

/** Returns a formatted number with its unit: "5 disputes", "1 dispute". @param unit "" where there is none */
export function withUnit(number: string, unit: string): string {
  if (unit === "") return number;
  if (number !== "1" && number !== "-1") return `${number} ${unit}`;
  const [ending, singular = ""] = SINGULARS.find(([pattern]) => pattern.test(unit)) ?? [];
  return `${number} ${ending === undefined ? unit : unit.replace(ending, singular)}`;
}

/** Returns a number for people with its unit. @param unit "" where there is none */
export const quantityText = (x: number, unit: string): string => withUnit(numberText(x), unit);

/** Returns a reason as a few words for a list: "past disputes 7 (typical 1)". */
export function shortReasonText(reason: Reason): string {
  const name = featureText(reason.feature);
  const value = valueBeside(name, reason);
  return value === "" ? name : `${name} ${value}`;
}

/** Returns a feature's value and its typical value: "45 days (typical 10)"; "" where neither is known. */
export function valueWithTypical(reason: Omit<Reason, "contribution" | "share">): string {
  return valueBeside(featureText(reason.feature), reason);
}

/** The same, beside the name of the feature for people. */
function valueBeside(name: string, reason: Omit<Reason, "contribution" | "share">): string {
  const { value, category, typical, typicalCategory, words } = reason;
  const unit = unitBeside(name, reason.unit);
  if (words.length > 0) return `with ${words.map((word) => `"${word}"`).join(", ")}`;
  if (reason.isAbsence) return "without words that others have";
  const often = typicalCategory === "" || typicalCategory === category ? "" : ` (most often ${typicalCategory})`;
  if (category !== "") return `${category}${often}`;
  if (typicalCategory !== "") return `not known to the model${often}`;
  const usual = typical === null ? "" : ` (typical ${numberText(typical)})`;
  if (value === null) return typical === null ? "" : `not known${usual}`;
  return `${quantityText(value, unit)}${usual}`;
}

/** Joins parts of a sentence: "a", "a and b", "a, b and c". @param and Word before the last part. */
export const listed = (parts: readonly string[], and = "and"): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${and} ${parts.at(-1)}`;

/** Returns a reason as a clause: the feature with its value, unit and typical value. */
export function reasonText(reason: Reason): string {
  const { feature, value, category, typical, typicalCategory, words } = reason;
  const name = featureText(feature);
  const unit = unitBeside(name, reason.unit);
  if (words.length > 0) return `${name} (words such as ${words.map((word) => `"${word}"`).join(", ")})`;
  if (reason.isAbsence) return `${name} (words that it does not have)`;
  if (category !== "")
    return `${name} (${category}${typicalCategory === "" || typicalCategory === category ? "" : `, most often ${typicalCategory}`})`;
  const usual = typical === null ? "" : `, typical ${numberText(typical)}`;
  if (value === null) return typical === null ? name : `${name} (not known${usual})`;
  return `${name} (${quantityText(value, unit)}${usual})`;
}
