/**
 * Characters that turn the order of the characters after them round (Unicode Standard Annex 9): a reader sees another
 * name than a program.
 */
const ORDER_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/u;
const EACH_ORDER_CONTROL = new RegExp(ORDER_CONTROLS, "gu");

export const hasOrderControls = (text: string): boolean => ORDER_CONTROLS.test(text);

/** Why a name with such characters is rejected, after the name of its field. */
export const ORDER_CONTROLS_REASON =
  "has characters that change the text direction (U+202A to U+202E, U+2066 to U+2069); remove them";

/** Returns a text with these characters as their codes. */
export const withShownControls = (text: string): string =>
  text.replace(EACH_ORDER_CONTROL, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);

/**
 * Characters that nobody sees and no name needs: with one, two names look the same and are compared as different. Not
 * among them: joiners (U+200C, U+200D) and direction marks (U+200E, U+200F, U+061C), which names of some scripts need.
 */
const INVISIBLE = /[\u00ad\u180e\u200b\u2060-\u2064\ufeff\u{e0000}-\u{e007f}]/u;

/** Returns why the name of a person is rejected, after the name of its field. Undefined: it is not. */
export function personNameViolation(name: string): string | undefined {
  if (hasOrderControls(name)) return ORDER_CONTROLS_REASON;
  const code = INVISIBLE.exec(name)?.[0].codePointAt(0);
  if (code === undefined) return undefined;
  return `has an invisible character (U+${code.toString(16).toUpperCase().padStart(4, "0")}), with which it differs from the name that readers see; remove it`;
}
