import { nearestName } from "@bellwether/contract/nearest-name";
import { clean, invalidRequest } from "../errors/rpc-error.ts";

/** Maximum number of characters of a caller's parameter name that an error repeats. */
const SHOWN_CHARACTERS = 80;
/** Maximum number of characters of a list of names in an error, whose message has at most 1,024. */
const LISTED_CHARACTERS = 800;

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
      const choices = known.length === 0 ? "this path accepts none" : knownParameters(name, known);
      return [{ field, description: `unknown query parameter; ${choices}` }];
    }
    const count = query.getAll(name).length;
    if (count > 1 && !repeated.includes(name)) return [{ field, description: `is given ${count} times; give it once` }];
    return [];
  });
  if (violations.length > 0) throw invalidRequest(violations);
}

/** Returns the names that a path accepts: the one that was probably meant, then the others in alphabetical order. */
function knownParameters(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  const others = known.filter((one) => one !== near).toSorted();
  const all = (near === null ? others : [near, ...others]).join(", ");
  const listed = all.length <= LISTED_CHARACTERS ? all : `${all.slice(0, all.lastIndexOf(",", LISTED_CHARACTERS))}, …`;
  return `${near === null ? "" : `did you mean "${near}"? `}known: ${listed}`;
}
