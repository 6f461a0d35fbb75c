import { nearestName } from "@bellwether/contract/nearest-name";
import { printable } from "../output/printable.ts";
import type { AlertClient } from "./alert-pages.ts";

/** Maximum number of owners in one answer. */
const MAX_OWNERS = 50;

/**
 * Returns a warning about an owner who has neither alerts nor suppliers and was not seen yet: the name may have a typing
 * error. Undefined: the owner is known, or the service did not answer, which the action itself will report.
 */
export async function unknownOwnerWarning(client: AlertClient, owner: string): Promise<string | undefined> {
  const ownersOf = async (prefix: string): Promise<readonly string[]> => {
    const { owners } = await client.answer(client.client.suggestOwners({ prefix, limit: MAX_OWNERS }));
    return owners.map((known) => known.owner);
  };
  try {
    if ((await ownersOf(owner)).includes(owner)) return undefined;
    const nearest = nearestName(owner, await ownersOf(""));
    const meant = nearest === null ? "" : `; did you mean ${JSON.stringify(printable(nearest))}?`;
    return `nobody named ${JSON.stringify(printable(owner))} owns an alert or a supplier, or has signed in${meant}`;
  } catch {
    return undefined;
  }
}
