import { type PageTokens, pageTokenError } from "@bellwether/mesh/call/page-token";

/** The rows of a page, and the token of the next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/**
 * Makes a page of at most `size` rows from `size + 1` requested rows. `keyOf` returns the key of a row: the
 * next page begins after the key of the last row.
 */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  tokens: PageTokens,
  keyOf: (last: T) => readonly (string | number)[],
): Page<T> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const nextPageToken = rows.length > size && last !== undefined ? tokens.write(keyOf(last)) : "";
  return { items, nextPageToken };
}

/** Parses the numbers of a key. @throws ConnectError INVALID_ARGUMENT */
export function numbersFromKey(key: readonly string[]): readonly number[] {
  const numbers = key.map((part) => (part === "" ? Number.NaN : Number(part)));
  if (numbers.some((n) => !Number.isFinite(n))) throw pageTokenError();
  return numbers;
}

/** Parses a row number of at most `max` from one part of a key. @throws ConnectError INVALID_ARGUMENT */
export function rowFromText(text: string, max: number): number {
  const row = Number(text);
  if (!/^\d{1,16}$/.test(text) || row > max) throw pageTokenError();
  return row;
}
