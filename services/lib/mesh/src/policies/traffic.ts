import { setTimeout as delay } from "node:timers/promises";
import type { Policy } from "../call/policy.ts";

export interface TrafficPolicy extends Policy {
  /** Waits until no call has arrived for `quietMs`, and at most `limitMs`. */
  ended(quietMs: number, limitMs: number): Promise<void>;
}

/**
 * Records when the last call arrived. The policy must come after telemetry in the chain, which sets the time
 * that it reads.
 */
export function trafficPolicy(): TrafficPolicy {
  let lastCall = Number.NEGATIVE_INFINITY;
  return {
    open(call) {
      if (!call.bound.isProbe) lastCall = call.startedAt;
    },
    async ended(quietMs, limitMs) {
      const limit = performance.now() + limitMs;
      for (let now = performance.now(); now < limit && now - lastCall < quietMs; now = performance.now()) {
        await delay(Math.min(lastCall + quietMs, limit) - now);
      }
    },
  };
}
