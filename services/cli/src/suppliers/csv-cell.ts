/**
 * A text that a spreadsheet program takes for a formula, or one that `cellFromText` has changed. Texts with
 * apostrophes before are included, so that each text has a cell of its own.
 */
const FORMULA = /^'*(\s*[=+\-@|%＝＋－＠]|[\t\r\n])/;
const DEFUSED = /^'+(\s*[=+\-@|%＝＋－＠]|[\t\r\n])/;

/**
 * Returns a text as a CSV cell (RFC 4180). A text that a spreadsheet program would take for a formula gets a
 * leading apostrophe, which shows it as text; `textFromCell` removes it.
 */
export function cellFromText(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns the text of a cell that `cellFromText` wrote, or of any other cell, without outer white space. */
export function textFromCell(cell: string): string {
  const text = cell.trim();
  return DEFUSED.test(text) ? text.slice(1) : text;
}
