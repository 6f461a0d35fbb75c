import { invalidRequest } from "../errors/rpc-error.ts";

/**
 * Rejects a query whose escaped bytes are not UTF-8: decoded as U+FFFD, they would name another supplier.
 * @throws ConnectError INVALID_ARGUMENT
 */
export function checkQueryText(query: string): void {
  for (const [escaped] of query.matchAll(/(?:%[0-9a-f]{2})+/gi)) {
    try {
      decodeURIComponent(escaped);
    } catch {
      const shown = escaped.slice(0, 40);
      throw invalidRequest([{ field: "", description: `the query is not UTF-8: ${shown}; escape the bytes of UTF-8` }]);
    }
  }
}
