import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";

/** Node's longest timer; a later deadline is none. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends a call at its client's deadline, or at the RPC's default one if the client set none, where no engine does. It runs from the
 * headers on, so a client that sends headers and no body gets DEADLINE_EXCEEDED too.
 */
export function deadlinePolicy(): Policy {
  return {
    open(call) {
      if (call.deadline === Number.POSITIVE_INFINITY) {
        const { defaultTimeoutMs } = call.bound.limits;
        call.deadline = Date.now() + defaultTimeoutMs;
        arm(call, defaultTimeoutMs, endAtDefault);
      } else if (!call.engineKeepsDeadline) {
        arm(call, call.deadline - Date.now(), endAtClients);
      }
    },
    close(call) {
      if (call.deadlineTimer) clearTimeout(call.deadlineTimer);
    },
  };
}

function arm(call: Call, leftMs: number, end: (call: Call) => void): void {
  if (leftMs <= MAX_TIMER_MS) call.deadlineTimer = setTimeout(end, Math.max(0, leftMs), call);
}

function endAtDefault(call: Call): void {
  call.fail(refusal(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "deadline exceeded"));
}

/** Its client knows the reason. */
function endAtClients(call: Call): void {
  call.fail(new ConnectError("deadline exceeded", Code.DeadlineExceeded));
}
