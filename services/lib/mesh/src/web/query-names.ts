import { knownNames } from "@bellwether/contract/nearest-name";
import { clean, invalidRequest } from "../errors/rpc-error.ts";

/** Maximum number of characters of a caller's parameter name that an error repeats. */
const SHOWN_CHARACTERS = 80;

/**
 * Checks the parameters of a query against the allowed names.
 * @param single names that may be given once
 * @param repeated names that may be given any number of times
 * @throws ConnectError INVALID_ARGUMENT with an entry per name that is unknown or given too often
 */
export function checkQueryNames(query: URLSearchParams, single: readonly string[], repeated: readonly string[]): void {
  const known = [...single, ...repeated];
  const violations = [...new Set(query.keys())].flatMap((name) => {
    const field = clean(name, SHOWN_CHARACTERS);
    if (!known.includes(name)) {
      const choices = known.length === 0 ? "this path accepts none" : knownNames(name, known);
      return [{ field, description: `unknown query parameter; ${choices}` }];
    }
    const count = query.getAll(name).length;
    if (count > 1 && !repeated.includes(name)) return [{ field, description: `is given ${count} times; give it once` }];
    return [];
  });
  if (violations.length > 0) throw invalidRequest(violations);
}
