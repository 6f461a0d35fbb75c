/**
 * Returns the column names of the first record of a CSV text (RFC 4180), unchanged; a byte order mark is
 * skipped. Null when the record does not end within `text`; pass `complete` when `text` is the whole file.
 */
export function csvHeader(text: string, delimiter: string, complete: boolean): string[] | null {
  const names: string[] = [];
  let name = "";
  let quoted = false;
  const from = text.startsWith("\uFEFF") ? 1 : 0;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') name += character;
      else if (text[i + 1] === '"') name += text[++i];
      else quoted = false;
    } else if (character === '"' && name === "") quoted = true;
    else if (character === delimiter) {
      names.push(name);
      name = "";
    } else if (character === "\n" || (character === "\r" && text[i + 1] === "\n")) return [...names, name];
    else name += character;
  }
  return complete && !quoted ? [...names, name] : null;
}
