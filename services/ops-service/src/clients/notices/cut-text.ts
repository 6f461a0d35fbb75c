import { visibleText } from "@bellwether/reasons/visible-text";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** A character of a script that is written from right to left. */
const RIGHT_TO_LEFT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
/** First strong isolate, and its end: the text between them does not change the order of the text around it. */
const ISOLATE = "\u2068";
const END_OF_ISOLATE = "\u2069";

/**
 * Returns at most `max` UTF-16 units of a text, without cutting a character (an emoji with its modifiers is one).
 * A text that was cut ends with "…".
 */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  let kept = "";
  // No character that is kept is longer than the limit, so the segmenter needs to see no more than this.
  for (const { segment } of graphemes.segment(text.slice(0, max + 1))) {
    if (kept.length + segment.length > max - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * Returns a text from outside for a line of plain text: control characters and characters that change the order of
 * others are visible, and a text from right to left does not change the order of the line.
 */
export function plainLine(text: string, max: number): string {
  const cut = cutText(visibleText(text), max);
  return RIGHT_TO_LEFT.test(cut) ? `${ISOLATE}${cut}${END_OF_ISOLATE}` : cut;
}
