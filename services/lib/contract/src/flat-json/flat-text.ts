/** How an error of a supplier names what to do with a category that came as a number; flat JSON has other words for it. */
export const SEND_CATEGORY = "send it in categories";

/** Where the contract has the fields that flat JSON has at its top. */
const CONTRACT_PATH = /(^|[\s(])supplier\.(?:(?:features|categories)\.)?(?=\w)/g;

/** A field whose description begins with its name again. */
const NAMED_TWICE = /(^|[\s(])([^\s:]{1,128}): (?=\2 )/g;

/** A text about a supplier of the contract, in terms of flat JSON: "supplier.features.late_ratio" becomes "late_ratio". */
export function flatText(text: string): string {
  return text
    .replaceAll(CONTRACT_PATH, "$1")
    .replaceAll(NAMED_TWICE, "$1")
    .replaceAll(SEND_CATEGORY, "send a text")
    .replaceAll("leave it out when it is not known", "null when it is not known");
}
