import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";

const KEY = "owners";
/** Maximum number of owners that are suggested. */
export const MAX_OWNERS = 8;

/**
 * Returns the owners to suggest: the ones that the reader used last, then those that the server suggests, then the
 * owners of the loaded alerts, most alerts first.
 */
export function suggestedOwners(
  used: readonly string[],
  served: readonly string[],
  alerts: readonly Pick<Alert, "owner">[],
): string[] {
  const counts = new Map<string, number>();
  for (const { owner } of alerts) if (owner) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const others = [...counts].toSorted((a, b) => b[1] - a[1]).map(([owner]) => owner);
  return [...new Set([...used, ...served, ...others])].slice(0, MAX_OWNERS);
}

/** Returns the owners that the reader used last, the latest first. */
export function usedOwners(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((one) => typeof one === "string").slice(0, MAX_OWNERS) : [];
  } catch {
    // Not allowed, or not written by this page.
    return [];
  }
}

export function rememberOwner(owner: string): void {
  if (owner === "") return;
  try {
    const owners = [owner, ...usedOwners().filter((one) => one !== owner)].slice(0, MAX_OWNERS);
    localStorage.setItem(KEY, JSON.stringify(owners));
  } catch {
    // Not allowed: owners of loaded alerts are still suggested.
  }
}
