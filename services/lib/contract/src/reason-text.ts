/** Letters and symbols that are drawn as white space, inside a class of a RegExp. */
const FILLERS = "\\u115f\\u1160\\u2800\\u3164\\uffa0";
/** White space and invisible characters, such as zero-width spaces, as a part of a character class in a RegExp. */
const BLANK = `\\p{Zs}\\p{Cf}\\p{M}${FILLERS}`;
/** Control characters and line ends, inside a class of a RegExp. */
const CONTROL = "\\p{Cc}\\p{Zl}\\p{Zp}";
const VISIBLE_CHARACTER = `[^\\p{Cc}\\p{Cf}\\p{Z}\\p{M}${FILLERS}]`;
const VISIBLE = new RegExp(VISIBLE_CHARACTER, "u");
const ONE_LINE = `[${BLANK}]*${VISIBLE_CHARACTER}[^${CONTROL}]*`;

/**
 * A reason that somebody gives for a decision: one line with at least one visible character. It is the pattern of every
 * field of the contract in which a reason is required, and of the owner of an alert.
 */
export const REASON_PATTERN = new RegExp(`^${ONE_LINE}$`, "u");

/** Whether a text has a character that readers see. */
export const hasVisibleCharacter = (text: string): boolean => VISIBLE.test(text);

/** Maximum length of a reason in options and variables, in characters: 2,000 bytes are the limit of the contract. */
export const MAX_REASON_CHARACTERS = 500;

/** A reason of at most 500 characters. */
export const SHORT_REASON_PATTERN = new RegExp(`^(?=.{1,${MAX_REASON_CHARACTERS}}$)${ONE_LINE}$`, "u");

/** SHORT_REASON_PATTERN in words. */
export const SHORT_REASON_FORM = `a reason of 1 to ${MAX_REASON_CHARACTERS} characters in one line, with at least one visible character`;

// A mark at the end belongs to the letter before it.
const OUTER_BLANKS = new RegExp(`^[${BLANK}]+|[\\p{Zs}\\p{Cf}${FILLERS}]+$`, "gu");
const CONTROLS = new RegExp(`[${CONTROL}]+`, "gu");

/** Returns a text without white space and invisible characters at its ends. */
export const trimReason = (text: string): string => text.replace(OUTER_BLANKS, "");

/** Returns a text as one line: control characters and line ends become blanks, and both ends are trimmed. */
export const oneLine = (text: string): string => trimReason(text.replace(CONTROLS, " "));
