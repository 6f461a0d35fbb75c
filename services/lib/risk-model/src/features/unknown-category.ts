import type { FeatureSlot } from "./feature-slots.ts";
import type { VectorWarning } from "./vector.ts";

/** Maximum number of codes that a warning lists. */
const MAX_LISTED = 12;
/** Maximum number of characters of a caller's category that a warning quotes. */
const SHOWN = 80;

/**
 * Returns the category code of a text. A text that the model does not know has the code of all other texts.
 * Null: the model has no such code, and the text counts as missing.
 */
export function codeOfText({ feature, codes }: FeatureSlot, text: string): number | null {
  return codes.get(text) ?? feature.codes?.other ?? null;
}

/** Warns about a category that the model has no column for. Such a category counts as missing. */
export function unknownCategory({ feature }: FeatureSlot, category: string): VectorWarning {
  const { name } = feature;
  const message = `${name} "${category.slice(0, SHOWN)}" is not a category that the model knows and counts as missing`;
  return { code: "UNKNOWN_CATEGORY", feature: name, message };
}

/** Warns about the text of a category that has no code. */
export const unknownText = (slot: FeatureSlot, text: string): VectorWarning =>
  unknownCode(slot, `is "${text.slice(0, SHOWN)}"`);

/** Warns about a number that is neither a code nor a category. */
export const unknownNumber = (slot: FeatureSlot, number: number): VectorWarning => unknownCode(slot, `is ${number}`);

function unknownCode({ feature }: FeatureSlot, what: string): VectorWarning {
  const { values, labels } = feature.codes ?? { values: [], labels: null };
  const listed = values
    .slice(0, MAX_LISTED)
    .map((code, at) => (labels === null ? String(code) : `${code} (${labels[at]})`));
  const more = values.length > MAX_LISTED ? ", …" : "";
  const message = `${feature.name} ${what}, which the model does not know; it knows ${listed.join(", ")}${more}`;
  return { code: "UNKNOWN_CATEGORY", feature: feature.name, message };
}
