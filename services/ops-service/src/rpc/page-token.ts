import { type PageTokens, pageTokenError } from "@bellwether/mesh/call/page-token";

/** Rows of a page, and the token of the next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/** A page of at most `size` out of `size + 1` rows that were asked for; `keyOf` gives what the next page starts behind. */
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

/** The numbers of a key. @throws ConnectError INVALID_ARGUMENT */
export function numbersFromKey(key: readonly string[]): readonly number[] {
  const numbers = key.map((part) => (part === "" ? Number.NaN : Number(part)));
  if (numbers.some((n) => !Number.isFinite(n))) throw pageTokenError();
  return numbers;
}

/** A row's number out of a part of a key, at most `max`. @throws ConnectError INVALID_ARGUMENT */
export function rowFromText(text: string, max: number): number {
  const row = Number(text);
  if (!/^\d{1,16}$/.test(text) || row > max) throw pageTokenError();
  return row;
}
