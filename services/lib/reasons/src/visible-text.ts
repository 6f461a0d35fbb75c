/** Characters that a browser does not draw, or that change the order of the characters around them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Joiners, which emoji and many scripts need inside a word. */
const JOINERS = new Set(["\u200c", "\u200d"]);
/** A character after which a joiner belongs to the text: an emoji, a mark, or a letter of a joined script. */
const TAKES_JOINER = /[\p{Extended_Pictographic}\p{M}\p{Emoji_Modifier}]|(?!\p{Script=Latin})\p{L}/u;

/**
 * Returns a text from outside with its invisible characters in a visible form: a control character as its
 * symbol ("␀"), every other one as its code ("⟨U+202E⟩"). Without it, a name could hide characters, or reverse
 * the text after it. Render the result in `<bdi>`.
 * @param keepLines whether line ends and tabs stay as they are: for comments, not for names
 */
export function visibleText(text: string, keepLines = false): string {
  return text.replace(INVISIBLE, (character, at: number) => {
    if (keepLines && (character === "\n" || character === "\t")) return character;
    if (JOINERS.has(character) && TAKES_JOINER.test(lastCharacter(text.slice(0, at)))) return character;
    return symbolOf(character.codePointAt(0) ?? 0);
  });
}

function symbolOf(code: number): string {
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function lastCharacter(text: string): string {
  return [...text.slice(-2)].at(-1) ?? "";
}
