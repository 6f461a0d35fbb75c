import { PageTokenError } from "../domain/ml-error.ts";

const DEFAULT_SIZE = 50;

/** Cuts one page out of a list; the token is the offset of the next page. @throws PageTokenError */
export function pageOf<T>(
  list: readonly T[],
  pageSize: number,
  pageToken: string,
): { items: readonly T[]; nextPageToken: string } {
  if (!/^[0-9]{0,9}$/.test(pageToken)) throw new PageTokenError();
  const start = Number(pageToken);
  const end = start + (pageSize || DEFAULT_SIZE);
  return { items: list.slice(start, end), nextPageToken: end < list.length ? String(end) : "" };
}
