import type { CountDroppedEvents } from "../src/domain/audit-ports.ts";

/** Counts dropped events by reason, so that tests can read the counts. */
export function losses(): { readonly counts: Record<string, number>; readonly lost: CountDroppedEvents } {
  const counts: Record<string, number> = {};
  const lost: CountDroppedEvents = (events, reason) => {
    if (events > 0) counts[reason] = (counts[reason] ?? 0) + events;
  };
  return { counts, lost };
}
