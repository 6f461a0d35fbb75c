import { TableError, tooManyColumns } from "./table-error.ts";

const QUOTE = '"';

/**
 * Parses CSV (RFC 4180: quotes doubled inside quotes, line breaks inside quotes, LF or CRLF); blank lines are
 * skipped.
 * @param maxCells Maximum number of cells of a record.
 * @returns Records of cells, the header first.
 * @throws TableError when a quote is not closed, text follows a closing quote, or a record has too many cells.
 */
export function parseCsv(text: string, maxCells = Number.POSITIVE_INFINITY): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const { cell, end } = text[at] === QUOTE ? quotedCell(text, at) : plainCell(text, at);
    record.push(cell);
    if (record.length > maxCells) throw tooManyColumns(`row ${records.length + 1}`, maxCells);
    at = end + 1;
    if (text[end] === ",") continue;
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  }
  return records;
}

function plainCell(text: string, start: number): { cell: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== "," && text[end] !== "\n") end += 1;
  const cell = text.slice(start, end);
  return { cell: cell.endsWith("\r") ? cell.slice(0, -1) : cell, end };
}

/** Reads a cell in quotes, whose opening quote is at `start`. */
function quotedCell(text: string, start: number): { cell: string; end: number } {
  let close = start + 1;
  while (close < text.length && !(text[close] === QUOTE && text[close + 1] !== QUOTE)) {
    close += text[close] === QUOTE ? 2 : 1;
  }
  const shown = JSON.stringify(text.slice(start, start + 40));
  if (close >= text.length) throw new TableError(`a quote is not closed: ${shown}`);
  const { cell: rest, end } = plainCell(text, close + 1);
  if (rest.trim() !== "") throw new TableError(`something follows a closing quote: ${shown}`);
  return { cell: text.slice(start + 1, close).replaceAll('""', QUOTE), end };
}
