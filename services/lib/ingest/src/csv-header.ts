/** The first record of a CSV file. */
export interface CsvHeader {
  /** Column names, without the blanks around them. */
  readonly names: readonly string[];
  /** Physical lines that it takes: more than one when a quoted name holds a line end. */
  readonly lines: number;
}

/**
 * Reads the first record of a CSV text (RFC 4180); a byte order mark is skipped.
 * Null when the record does not end within `text`; pass `complete` when `text` is the whole file.
 */
export function csvHeader(text: string, delimiter: string, complete: boolean): CsvHeader | null {
  const names: string[] = [];
  let name = "";
  let quoted = false;
  const from = text.startsWith("\uFEFF") ? 1 : 0;
  const ended = (at: number): CsvHeader => ({
    names: [...names, name.trim()],
    lines: text.slice(from, at).split(/[\r\n]+/).length,
  });
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') name += character;
      else if (text[i + 1] === '"') name += text[++i];
      else quoted = false;
    } else if (character === '"' && name === "") quoted = true;
    else if (character === delimiter) {
      names.push(name.trim());
      name = "";
    } else if (character === "\n" || character === "\r") return ended(i);
    else name += character;
  }
  return complete && !quoted ? ended(text.length) : null;
}
