import { csvText } from "./score-rows.ts";

const [QUOTE, COMMA, LINE_BREAK] = [0x22, 0x2c, 0x0a];

/**
 * Erases the name of a supplier in a table of scores (`SCORE_HEADER`), chunk by chunk: the second cell of its rows becomes empty, and every
 * other byte stays. Cells can contain line breaks.
 */
export async function* eraseNames(
  chunks: AsyncIterable<string>,
  supplierId: string,
  onErased: () => void,
): AsyncGenerator<string, void, void> {
  const cell = csvText(supplierId);
  const erase = (record: string): string => {
    const id = record.slice(0, cellEnd(record, 0));
    if (id !== cell) return record;
    const from = id.length + 1;
    const end = cellEnd(record, from);
    if (end <= from) return record;
    onErased();
    return record.slice(0, from) + record.slice(end);
  };
  let rest = "";
  for await (const chunk of chunks) {
    rest += chunk;
    let [start, isQuoted, text] = [0, false, ""];
    for (let i = 0; i < rest.length; i++) {
      const code = rest.charCodeAt(i);
      if (code === QUOTE) isQuoted = !isQuoted;
      if (isQuoted || code !== LINE_BREAK) continue;
      text += erase(rest.slice(start, i + 1));
      start = i + 1;
    }
    rest = rest.slice(start);
    if (text !== "") yield text;
  }
  if (rest !== "") yield erase(rest);
}

/** Returns the position of the comma or the line break after the cell that begins at `from`. */
function cellEnd(record: string, from: number): number {
  let isQuoted = false;
  for (let i = from; i < record.length; i++) {
    const code = record.charCodeAt(i);
    if (code === QUOTE) isQuoted = !isQuoted;
    if (!isQuoted && (code === COMMA || code === LINE_BREAK)) return i;
  }
  return record.length;
}
