import { Code } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";

export interface OpenEndedPolicy extends Policy {
  /** How many watches are open. */
  count(): number;
  /** Ends them all with UNAVAILABLE, so that their clients open them again elsewhere. */
  endAll(): void;
}

/** Remembers the streams that last as long as their clients wish: a stop would wait for them in vain. */
export function openEndedPolicy(): OpenEndedPolicy {
  const calls = new Set<Call>();
  return {
    open(call) {
      if (call.bound.limits.openEnded) calls.add(call);
    },
    close(call) {
      if (call.bound.limits.openEnded) calls.delete(call);
    },
    count: () => calls.size,
    endAll() {
      const error = refusal(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down", { retryAfterMs: 0 });
      for (const call of [...calls]) call.fail(error);
    },
  };
}
