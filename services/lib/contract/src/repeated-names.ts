const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Whether an object in a JSON text has a name twice, at any depth. JSON.parse silently keeps only the last of equal names,
 * so that the text has more names than its value.
 * @param text valid JSON @param json the value of the text
 */
export function repeatsName(text: string, json: unknown): boolean {
  return countNames(text) !== countMembers(json);
}

/** Counts the strings of a text that a colon follows. It reads only the quotation marks and what is behind them. */
function countNames(text: string): number {
  let names = 0;
  for (let open = text.indexOf('"'); open >= 0; ) {
    let end = text.indexOf('"', open + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (isWhiteSpace(text.charCodeAt(next))) next++;
    if (text.charCodeAt(next) === COLON) names++;
    open = text.indexOf('"', next);
  }
  return names;
}

/** Whether an odd number of backslashes precedes a position. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}

const isWhiteSpace = (unit: number): boolean => unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;

function countMembers(json: unknown): number {
  let members = 0;
  // A list instead of recursion: a text may be nested deeper than the stack allows.
  const left: unknown[] = [json];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (typeof at !== "object" || at === null) continue;
    const values: readonly unknown[] = Array.isArray(at) ? at : Object.values(at);
    if (!Array.isArray(at)) members += values.length;
    for (const value of values) if (typeof value === "object") left.push(value);
  }
  return members;
}
