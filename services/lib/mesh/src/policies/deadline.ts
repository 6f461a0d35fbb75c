import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";

/**
 * Gives a call whose client set no deadline the RPC's default one; a client's own is kept by the engines. It runs from the
 * headers on, so a client that sends headers and no body gets DEADLINE_EXCEEDED too.
 */
export function deadlinePolicy(): Policy {
  return {
    open(call) {
      const { defaultTimeoutMs } = call.bound.limits;
      if (call.deadline !== Number.POSITIVE_INFINITY || defaultTimeoutMs === Number.POSITIVE_INFINITY) return;
      call.deadline = Date.now() + defaultTimeoutMs;
      call.deadlineTimer = setTimeout(expire, defaultTimeoutMs, call);
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
