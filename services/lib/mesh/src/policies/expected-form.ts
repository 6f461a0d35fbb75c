import { IsoWeekError, parseIsoWeek } from "@bellwether/contract/iso-week";

/** Expected forms in words, each found by a part of the contract's pattern. */
const FORMS: readonly (readonly [part: string, expected: string])[] = [
  ["[0-9]{4}-W", "expected an ISO week such as 2026-W05"],
  ["[0-9]{4}-(0[1-9]", "expected a day such as 2026-11-22"],
  ["([0-9]{4}-[0-9]{2}-[0-9]{2})?", "expected a day such as 2026-11-22, or an empty text"],
  ["[0-9a-f]{32}", "expected a digest of 32 hexadecimal digits in lower case"],
  ["[0-9a-f]{64}", "expected a SHA-256 as 64 hexadecimal digits in lower case"],
  ["[0-9A-Fa-f]{8}", "expected the first 8 or more characters of an id such as 01890a5d-ac96-774b-bcce-b302099a8057"],
  ["v[0-9]{1,9}", "expected a version such as v3"],
  ["[^\\x00]*", "must not contain a NUL character"],
  ["[^\\x00]+", "must not be empty or contain a NUL character"],
  [
    "\uffa0\\t\\n\\r]",
    "expected a text with at least one visible character, without control characters other than tabs and line ends",
  ],
  ["\\p{Zs}", "expected a text in one line, with at least one visible character and without control characters"],
  ["[A-Za-z0-9 ._-]", "expected 1 to 64 letters, digits, blanks, points, _ and -, with a letter or digit at both ends"],
  ["[a-z0-9-]{0,39}", "expected 1 to 40 of a-z, 0-9 and -, with a letter or digit first, such as buyers-mail"],
  ["[a-z][a-z0-9_]*(\\.", "expected names of a-z, 0-9 and _ with points between them, such as model.swapped"],
];

/** Beginning of the pattern of a text that can be left out. */
const OPTIONAL_TEXT = "^([\\p{Zs}";

/**
 * Returns the expected form, in words, of a text that does not match its contract's pattern. Clients are
 * never shown the pattern itself.
 * @param value the text, if it is known
 */
export function expectedForm(pattern: string, value: unknown): string {
  const form =
    FORMS.find(([part]) => pattern.includes(part))?.[1] ?? "does not have the form that the contract describes";
  const expected = pattern.startsWith(OPTIONAL_TEXT) ? `${form}, or an empty text` : form;
  const isWeek = pattern.includes("[0-9]{4}-W") && typeof value === "string" && /^\d{4}-W\d{2}$/.test(value);
  return isWeek ? (weekError(value) ?? expected) : expected;
}

function weekError(week: string): string | undefined {
  try {
    parseIsoWeek(week);
    return undefined;
  } catch (error) {
    if (error instanceof IsoWeekError) return error.fieldViolations[0]?.description;
    throw error;
  }
}
