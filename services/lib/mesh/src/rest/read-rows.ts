import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import { parseJson } from "./read-body.ts";

/** One row of a body: its JSON, or why it is none. */
export type RowText = { readonly json: unknown } | { readonly failure: string };

/** Content types of one JSON text per line. */
const LINES = /^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-lines)\s*(;|$)/i;

/**
 * Reads the rows of a body: a JSON array, or one JSON text per line (NDJSON) if the content type says so. Each row is
 * parsed alone, so a row that is not JSON does not affect the others. Empty lines are not rows.
 * @throws ConnectError INVALID_ARGUMENT when the body is neither
 */
export function readRows(text: string, contentType: string | undefined): readonly RowText[] {
  if (LINES.test(contentType ?? "")) return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [row(line)]));
  if (!text.trimStart().startsWith("[")) throw malformed("it is not an array");
  try {
    JSON.parse(text);
  } catch (cause) {
    throw malformed(reasonOf(cause), cause);
  }
  return elementsOf(text).map(row);
}

function malformed(reason: string, cause?: unknown) {
  const hint = "send a JSON array, or one JSON text per line with the content type application/x-ndjson";
  return rpcError(Code.InvalidArgument, "MALFORMED_JSON", `the body has no rows: ${reason}; ${hint}`, { cause });
}

function row(text: string): RowText {
  try {
    return { json: parseJson(text) };
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Returns the texts of the elements of an array that is valid JSON. */
function elementsOf(text: string): readonly string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = 0;
  // A regular expression for whole strings would need a stack as long as the string.
  const marks = /["[\]{},]/g;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const { 0: token, index } = mark;
    if (token === '"') marks.lastIndex = endOfString(text, index) + 1;
    else if (token === "[" || token === "{") {
      depth++;
      if (depth === 1) from = index + 1;
    } else if (token === "]" || token === "}") {
      depth--;
      if (depth === 0 && text.slice(from, index).trim() !== "") elements.push(text.slice(from, index));
    } else if (depth === 1) {
      elements.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return elements;
}

/** Returns the position of the quotation mark that ends the string which begins at `start`, in valid JSON. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end;
  }
}
