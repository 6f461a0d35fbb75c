import { PageTokenError } from "../domain/ops-error.ts";

/** Rows of a page, and the key of its last row for the next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/** A page of at most `size` out of `size + 1` rows that were asked for; `keyOf` gives what the next page starts behind. */
export function pageOf<T>(rows: readonly T[], size: number, keyOf: (last: T) => readonly (string | number)[]): Page<T> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const nextPageToken = rows.length > size && last !== undefined ? encode(keyOf(last)) : "";
  return { items, nextPageToken };
}

/** A key of numbers out of a token; undefined: the first page. @throws PageTokenError */
export function numbersFromToken(token: string, length: number): readonly number[] | undefined {
  const parts = partsFromToken(token, length);
  const numbers = parts?.map((part) => (part === "" ? Number.NaN : Number(part)));
  if (numbers?.some((n) => !Number.isFinite(n))) throw new PageTokenError();
  return numbers;
}

/** A row's number out of a token, at most `max`; undefined: the first page. @throws PageTokenError */
export function rowFromToken(token: string, max: number): number | undefined {
  const [row] = partsFromToken(token, 1) ?? [];
  return row === undefined ? undefined : rowFromText(row, max);
}

/** A row's number out of a token's part, at most `max`. @throws PageTokenError */
export function rowFromText(text: string, max: number): number {
  const row = Number(text);
  if (!/^\d{1,16}$/.test(text) || row > max) throw new PageTokenError();
  return row;
}

/** A key out of a token; undefined: the first page. @throws PageTokenError */
export function partsFromToken(token: string, length: number): readonly string[] | undefined {
  if (token === "") return undefined;
  const text = Buffer.from(token, "base64url").toString();
  const parts = text.split(" ");
  if (parts.length !== length || encode(parts) !== token) throw new PageTokenError();
  return parts;
}

function encode(key: readonly (string | number)[]): string {
  return Buffer.from(key.join(" ")).toString("base64url");
}
