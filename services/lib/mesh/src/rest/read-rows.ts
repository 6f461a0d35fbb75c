import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import { parseJson } from "./read-body.ts";

/** One row of a body: its JSON, or why it is none. */
export type RowText = { readonly json: unknown } | { readonly failure: string };

/** Content types of one JSON text per line. */
const LINES = /^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-lines)\s*(;|$)/i;

/**
 * Reads the rows of a body: a JSON array, or one JSON text per line (NDJSON) where the content type says so. A row is
 * parsed by itself, so that one that is not JSON does not affect the others. Empty lines are not rows.
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
  // Strings, brackets and commas; everything else is inside an element.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (token === "[" || token === "{") {
      depth++;
      if (depth === 1) from = index + 1;
    } else if (token === "]" || token === "}") {
      depth--;
      if (depth === 0 && text.slice(from, index).trim() !== "") elements.push(text.slice(from, index));
    } else if (token === "," && depth === 1) {
      elements.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return elements;
}
