/**
 * Zero-width characters: soft hyphen, zero-width spaces and joiners, word joiner, byte order mark, and marks
 * of writing direction. Values copied from spreadsheets, PDF and web pages contain them. For a RegExp with
 * the flag u.
 */
export const INVISIBLE_CHARACTERS =
  "[\\u{AD}\\u{61C}\\u{180E}\\u{200B}-\\u{200F}\\u{202A}-\\u{202E}\\u{2060}-\\u{2064}\\u{2066}-\\u{206F}\\u{FEFF}]";

const INVISIBLE = new RegExp(INVISIBLE_CHARACTERS, "gu");
const OUTER_SPACE = /^[\s\x85\p{Z}]+|[\s\x85\p{Z}]+$/gu;

/** Returns a supplier id without invisible characters and surrounding white space; may be empty. */
export function cleanId(text: string): string {
  return text.replace(INVISIBLE, "").replace(OUTER_SPACE, "");
}

/**
 * Returns why a text cannot be the id of a supplier: the end of a sentence that also says what is valid. Undefined:
 * the text is a valid id. The rule is the same as for weekly files. An empty text is a violation too.
 */
export function supplierIdViolation(id: string): string | undefined {
  if (id.includes("\0")) return "has a NUL character; send the id without it";
  // Nearly all ids have such a character.
  if (/[\dA-Za-z]/.test(id) || cleanId(id) !== "") return undefined;
  return id === ""
    ? "is empty; send the id of the supplier"
    : "has only white space and invisible characters; send the id of the supplier";
}
