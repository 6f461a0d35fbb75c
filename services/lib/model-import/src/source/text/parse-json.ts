import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";

/** Deepest nesting of lists and objects. A model's JSON has about 8 levels. */
const MAX_NESTING = 64;
/** Maximum number of lists and objects in a file. A model has about 20 per tree. */
const MAX_CONTAINERS = 2_000_000;
const MAX_KEYS = 2_000_000;
const MAX_ENTRIES = 32_000_000;
/** Maximum number of strings: the keys, and texts such as the names of columns and parameters. */
const MAX_STRINGS = 2 * MAX_KEYS;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/**
 * Parses a JSON file after counting what parsing would allocate. Python and C++ write numbers that JSON does
 * not have: Infinity is read as an infinite number, NaN as null. The reader of the list that holds them
 * decides whether they are allowed.
 * @throws ImportRejectedError when the text is not JSON, is nested too deeply or has too many entries.
 */
export function parseJsonModel(bytes: Uint8Array): unknown {
  countStructure(bytes);
  try {
    return JSON.parse(withoutBareNumbers(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw new ImportRejectedError("malformed", `not valid JSON: ${error.message.slice(0, 120)}`);
    }
    throw error;
  }
}

/** Bare words that are numbers in Python and C++. */
const BARE = /[[,:]\s*-?(?:Infinity|NaN|inf|nan)\b/;
const WORDS = /\b(?:Infinity|NaN|inf|nan)\b/g;

/**
 * Replaces bare words outside of strings, in one pass, because the strings of a hostile file may be long or
 * never end.
 */
function withoutBareNumbers(json: string): string {
  if (!BARE.test(json)) return json;
  const parts: string[] = [];
  let at = 0;
  while (at < json.length) {
    const quote = json.indexOf('"', at);
    const stop = quote < 0 ? json.length : quote;
    parts.push(json.slice(at, stop).replaceAll(WORDS, (word) => (/^nan$/i.test(word) ? "null" : "1e999")));
    if (quote < 0) break;
    let end = quote + 1;
    while (end < json.length && json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
    parts.push(json.slice(quote, end + 1));
    at = end + 1;
  }
  return parts.join("");
}

function countStructure(bytes: Uint8Array): void {
  let depth = 0;
  let containers = 0;
  let keys = 0;
  let entries = 0;
  let strings = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      strings += 1;
      at = endOfString(bytes, at);
    } else if (byte === COMMA) entries += 1;
    else if (byte === COLON) keys += 1;
    else if (OPEN.has(byte)) {
      containers += 1;
      depth += 1;
      if (depth > MAX_NESTING) throw new ImportRejectedError("unsafe", `JSON nested deeper than ${MAX_NESTING} levels`);
    } else if (CLOSE.has(byte)) depth -= 1;
  }
  if (containers > MAX_CONTAINERS || keys > MAX_KEYS || entries > MAX_ENTRIES || strings > MAX_STRINGS) {
    throw new ImportRejectedError("unsafe", "JSON with more lists, keys, texts or entries than any model has");
  }
}

/** Returns the index of the closing quote of the string that opens at `start`, or the end of the bytes. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
