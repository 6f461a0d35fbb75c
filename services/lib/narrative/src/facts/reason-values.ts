import { numberText } from "@bellwether/reasons/reason-text";
import { dataText } from "./data-text.ts";
import type { Language } from "./language.ts";
import type { ReasonFact } from "./narrative-facts.ts";
import { localQuantity } from "./quantity-text.ts";

/** How a value can compare with the typical one. */
export type Comparison = "above" | "below" | "equal";

/** Returns the value of a reason with its unit, or its category. Undefined: it has none. */
export function valueText({ value, unit, category }: ReasonFact, language: Language): string | undefined {
  if (value !== null) return localQuantity(value, unit, language);
  return category === "" ? undefined : dataText(category, language);
}

/** Returns the typical value of a reason with its unit, or the most frequent category. Undefined: it is not known. */
export function typicalText({ typical, unit, typicalCategory }: ReasonFact, language: Language): string | undefined {
  if (typical !== null) return localQuantity(typical, unit, language);
  return typicalCategory === "" ? undefined : dataText(typicalCategory, language);
}

/**
 * Returns how a value compares with the typical one, as a reader of the formatted numbers sees it. Undefined: one of
 * them is not known, they are two different categories, or the formatted numbers compare the other way: whole numbers
 * are shown in full and others with four digits, so that 313660.2 is shown as 313,700 beside 313,677.
 */
export function comparisonOf({ value, typical, category, typicalCategory }: ReasonFact): Comparison | undefined {
  if (category !== "") return category === typicalCategory ? "equal" : undefined;
  if (value === null || typical === null) return;
  const [shown, shownTypical] = [Number(numberText(value)), Number(numberText(typical))];
  if (shown === shownTypical) return "equal";
  if (value > typical && shown > shownTypical) return "above";
  return value < typical && shown < shownTypical ? "below" : undefined;
}

/**
 * Whether the supplier has no value of a reason. A text and an unknown category have none here, but are not missing.
 * @param missing names of the features without a value
 */
export const isMissing = ({ value, category, label }: ReasonFact, missing: readonly string[]): boolean =>
  value === null && category === "" && missing.includes(label);

/** Whether the ranks are those of the n first, in any order: no other one is as large as one of them. */
export const areFirst = (ranks: readonly number[]): boolean => Math.max(...ranks) === ranks.length;
