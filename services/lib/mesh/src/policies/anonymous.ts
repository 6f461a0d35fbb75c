import type { Policy } from "../call/policy.ts";

/** Replaces authentication when it is off: every caller is the anonymous caller. */
export function anonymousPolicy(): Policy {
  return {
    open(call) {
      call.identified = true;
    },
  };
}
