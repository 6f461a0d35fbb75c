import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import { callLimits } from "../call-limits.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";

/**
 * Gives a call whose client set no deadline the RPC's default one; a client's own is kept by the engines. It runs from the
 * headers on, so a client that sends headers and no body gets DEADLINE_EXCEEDED too.
 */
export function deadlinePolicy(): Policy {
  const timeouts = new Map<DescMethod, number>();
  const timeoutOf = (method: DescMethod): number => {
    let timeoutMs = timeouts.get(method);
    if (timeoutMs === undefined) {
      timeoutMs = callLimits(method).defaultTimeoutMs;
      timeouts.set(method, timeoutMs);
    }
    return timeoutMs;
  };
  return {
    open(call) {
      if (call.deadline !== Number.POSITIVE_INFINITY) return;
      const timeoutMs = timeoutOf(call.method);
      if (timeoutMs === Number.POSITIVE_INFINITY) return;
      call.deadline = Date.now() + timeoutMs;
      call.deadlineTimer = setTimeout(expire, timeoutMs, call);
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
