import { RULES_ACTOR } from "./alert.ts";

/** Somebody who owns alerts or suppliers, or who was seen. */
export interface KnownOwner {
  /** The owner as alerts have it. */
  readonly owner: string;
  readonly activeAlerts: number;
  /** Latest sign-in or action, epoch milliseconds. 0: not known. */
  readonly seenMs: number;
}

/** Maximum size of an owner of an alert in bytes of UTF-8. */
const MAX_OWNER_BYTES = 128;
/** Actors in the histories of alerts that are no people: the alert rules, and callers while authentication is off. */
const NOBODY: ReadonlySet<string> = new Set([RULES_ACTOR, "anonymous"]);

/**
 * Returns the owners that match a prefix, each once: most active alerts first, then those who were seen last, then
 * by name. API keys, the rules and callers without a name are no people.
 */
export function suggestOwners(
  known: readonly KnownOwner[],
  prefix: string,
  limit: number,
): { readonly owners: readonly KnownOwner[]; readonly isMore: boolean } {
  const byOwner = new Map<string, KnownOwner>();
  for (const one of known) {
    const { owner } = one;
    if (owner === "" || NOBODY.has(owner) || owner.startsWith("key:") || Buffer.byteLength(owner) > MAX_OWNER_BYTES)
      continue;
    if (!matches(owner, prefix)) continue;
    const before = byOwner.get(owner) ?? { owner, activeAlerts: 0, seenMs: 0 };
    byOwner.set(owner, {
      owner,
      activeAlerts: Math.max(before.activeAlerts, one.activeAlerts),
      seenMs: Math.max(before.seenMs, one.seenMs),
    });
  }
  const ranked = [...byOwner.values()].sort(
    (a, b) => b.activeAlerts - a.activeAlerts || b.seenMs - a.seenMs || (a.owner < b.owner ? -1 : 1),
  );
  return { owners: ranked.slice(0, limit), isMore: ranked.length > limit };
}

/** Whether a text or one of its words begins with a prefix. Letter case is ignored. */
function matches(text: string, prefix: string): boolean {
  const [lower, wanted] = [text.toLowerCase(), prefix.trim().toLowerCase()];
  if (lower.startsWith(wanted)) return true;
  return lower.split(/[\s(@._-]+/).some((word) => word.startsWith(wanted));
}
