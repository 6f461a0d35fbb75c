const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Characters that would change the terminal or the order of a line are printed as escapes. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Like `printable`, for a line whose columns are separated by tabs, which stay. */
export const printableLine = (text: string): string => text.split("\t").map(printable).join("\t");

/** Like `printable`, for a text of several lines: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((part) => (part === "\n" || part === "\t" ? part : printable(part)))
    .join("");
}

/** Returns a value as one line of JSON, in which these characters are escapes too. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(INVISIBLE, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** Number of characters of a text, without regard to characters that are two columns wide. */
export const widthOf = (text: string): number => [...text].length;

/** Maximum number of characters of a reason in a line of a table. The details and --json have the whole text. */
export const TABLE_REASON = 100;

/** Returns a text with its invisible characters as escapes, cut to a width with an ellipsis. No escape is cut in two. */
export function printableStart(text: string, maxWidth: number): string {
  const whole = printable(text);
  if (widthOf(whole) <= maxWidth) return whole;
  let start = "";
  for (const character of text) {
    const next = start + printable(character);
    if (widthOf(next) >= maxWidth) break;
    start = next;
  }
  return `${start}…`;
}
