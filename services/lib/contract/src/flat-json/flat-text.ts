/**
 * The instruction in a supplier's error for a category that was sent as a number; flat JSON needs another
 * wording.
 */
export const SEND_CATEGORY = "send it in categories";

/** Path prefixes in the contract of the fields that are at the top level in flat JSON. */
const CONTRACT_PATH = /(^|[\s(])supplier\.(?:(?:features|categories)\.)?(?=\w)/g;

/** A field whose description starts with the field's name again. */
const NAMED_TWICE = /(^|[\s(])([^\s:]{1,128}): (?=\2 )/g;

/**
 * Rewrites an error text about a contract field for flat JSON: "supplier.features.late_ratio" becomes
 * "late_ratio".
 */
export function flatText(text: string): string {
  return text
    .replaceAll(CONTRACT_PATH, "$1")
    .replaceAll(NAMED_TWICE, "$1")
    .replaceAll(SEND_CATEGORY, "send a text")
    .replaceAll("leave it out when it is not known", "null when it is not known");
}
