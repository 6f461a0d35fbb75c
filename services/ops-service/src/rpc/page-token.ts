import { UUID_PATTERN } from "@bellwether/contract/uuid";
import { type PageTokens, pageTokenError } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";

/** The rows of a page, and the token of the next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/**
 * Returns the first `size` of `rows`. If there are more, the page has a token for the next page, which begins
 * after the key of the last returned row.
 * @param rows The result of a query for `size + 1` rows.
 * @param keyOf Returns the sort key of a row.
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

/**
 * Converts the parts of a page token's key to numbers. @throws ConnectError INVALID_ARGUMENT when a part is
 * not a finite number
 */
export function numbersFromKey(key: readonly string[]): readonly number[] {
  const numbers = key.map((part) => (part === "" ? Number.NaN : Number(part)));
  if (numbers.some((n) => !Number.isFinite(n))) throw pageTokenError();
  return numbers;
}

/**
 * Converts one part of a page token's key to a row number from 0 to `max`. @throws ConnectError
 * INVALID_ARGUMENT
 */
export function rowFromText(text: string, max: number): number {
  const row = Number(text);
  if (!/^\d{1,16}$/.test(text) || row > max) throw pageTokenError();
  return row;
}

/**
 * Returns the values that bind page tokens, and keys of requests, to the scope of a caller: a token of another scope is not
 * accepted. Empty without a scope.
 */
export function scopeKey(scope: SupplierScope | undefined): readonly string[] {
  return scope ? [JSON.stringify([scope.regions, scope.categories])] : [];
}

/** The latest time of a Date, epoch milliseconds. */
const MAX_DATE_MS = 8.64e15;

/**
 * Converts a page token's key to a time of creation and a UUID. Undefined: there is no token. @throws ConnectError
 * INVALID_ARGUMENT
 */
export function createdFromKey(
  key: readonly string[] | undefined,
): { readonly createdMs: number; readonly id: string } | undefined {
  if (!key) return undefined;
  const [createdMs = Number.NaN] = numbersFromKey(key.slice(0, 1));
  const id = key[1] ?? "";
  if (!Number.isSafeInteger(createdMs) || Math.abs(createdMs) > MAX_DATE_MS || !UUID_PATTERN.test(id))
    throw pageTokenError();
  return { createdMs, id };
}
