import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import { callLimits } from "../call-limits.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";
import type { Route } from "../route.ts";

/** The longest delay a timer takes (2³¹ − 1 ms, 24.8 days); a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Gives every call an end: the client's deadline, else the RPC's default. It runs from the headers on, so a client that sends
 * headers and no body gets DEADLINE_EXCEEDED too.
 */
export function deadlinePolicy(routes: readonly Route[]): Policy {
  const defaults = new Map(
    routes.flatMap(({ methods }) => methods.map((m) => [m.method, callLimits(m.method).defaultTimeoutMs])),
  );
  return {
    open(call) {
      if (call.deadline === Number.POSITIVE_INFINITY) {
        const timeoutMs = defaults.get(call.method) ?? Number.POSITIVE_INFINITY;
        if (timeoutMs === Number.POSITIVE_INFINITY) return;
        call.deadline = Date.now() + timeoutMs;
      }
      const leftMs = call.deadline - Date.now();
      if (leftMs <= 0) throw deadlineExceeded();
      if (leftMs <= LONGEST_TIMER_MS) call.deadlineTimer = setTimeout(expire, leftMs, call);
    },
    close(call) {
      if (call.deadlineTimer) clearTimeout(call.deadlineTimer);
    },
  };
}

function expire(call: Call): void {
  call.fail(deadlineExceeded());
}

function deadlineExceeded(): ConnectError {
  return refusal(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "deadline exceeded");
}
