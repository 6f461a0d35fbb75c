import type { Reason } from "./select-reasons.ts";

/** Maximum number of reasons of one direction that a sentence or a narrative names. */
export const MAX_NAMED_REASONS = 3;

/** Returns the reasons that are named: the largest of each direction, in the order in which they are given. */
export function namedReasons<R extends Pick<Reason, "contribution">>(
  reasons: readonly R[],
): { readonly ups: R[]; readonly downs: R[] } {
  return {
    ups: reasons.filter(({ contribution }) => contribution > 0).slice(0, MAX_NAMED_REASONS),
    downs: reasons.filter(({ contribution }) => contribution < 0).slice(0, MAX_NAMED_REASONS),
  };
}
