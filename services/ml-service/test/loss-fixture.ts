import type { CountLoss } from "../src/domain/audit-ports.ts";

/** Counts losses by reason, for tests to look at. */
export function losses(): { readonly counts: Record<string, number>; readonly lost: CountLoss } {
  const counts: Record<string, number> = {};
  const lost: CountLoss = (events, reason) => {
    if (events > 0) counts[reason] = (counts[reason] ?? 0) + events;
  };
  return { counts, lost };
}
