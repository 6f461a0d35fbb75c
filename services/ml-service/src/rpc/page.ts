import { type PageTokens, pageTokenError } from "@bellwether/mesh/call/page-token";

const DEFAULT_SIZE = 50;

/**
 * Returns one page of a list that grows at its start. The token contains the number of items that are left,
 * so that new items neither repeat nor hide an old one.
 * @throws ConnectError INVALID_ARGUMENT for a token that does not belong to this list
 */
export function pageOf<T>(
  list: readonly T[],
  pageSize: number,
  pageToken: string,
  tokens: PageTokens,
): { readonly items: readonly T[]; readonly nextPageToken: string } {
  const [left = String(list.length)] = tokens.read(pageToken, 1) ?? [];
  if (!/^[0-9]{1,9}$/.test(left)) throw pageTokenError();
  const start = Math.max(0, list.length - Number(left));
  const end = start + (pageSize || DEFAULT_SIZE);
  return { items: list.slice(start, end), nextPageToken: end < list.length ? tokens.write([list.length - end]) : "" };
}
