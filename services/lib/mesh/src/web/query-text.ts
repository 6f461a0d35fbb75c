import { invalidRequest } from "../errors/rpc-error.ts";

/**
 * Rejects a query with a broken escape, which would be taken literally, and one whose escaped bytes are not UTF-8: decoded as
 * U+FFFD, they would name another supplier.
 * @throws ConnectError INVALID_ARGUMENT
 */
export function checkQueryText(query: string): void {
  const [broken] = /%(?![0-9a-f]{2}).{0,2}/i.exec(query) ?? [];
  if (broken !== undefined)
    throw invalidRequest([
      { field: "", description: `the query has the broken escape ${broken}; write %25 for a percent sign` },
    ]);
  for (const [escaped] of query.matchAll(/(?:%[0-9a-f]{2})+/gi)) {
    try {
      decodeURIComponent(escaped);
    } catch {
      const shown = escaped.slice(0, 40);
      throw invalidRequest([{ field: "", description: `the query is not UTF-8: ${shown}; escape the bytes of UTF-8` }]);
    }
  }
}
