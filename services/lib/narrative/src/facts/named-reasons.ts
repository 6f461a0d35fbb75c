import type { Reason } from "@bellwether/reasons/reasons";

/** Maximum number of reasons of each direction that a narrative names. */
const NAMED = 3;

/** Returns the reasons that a narrative names: the largest of each direction, in the order in which they are given. */
export function namedReasons(reasons: readonly Reason[]): { readonly ups: Reason[]; readonly downs: Reason[] } {
  return {
    ups: reasons.filter(({ contribution }) => contribution > 0).slice(0, NAMED),
    downs: reasons.filter(({ contribution }) => contribution < 0).slice(0, NAMED),
  };
}
