import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** Node's longest timer; a later deadline is treated as none. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends a call at its client's deadline, or at the RPC's longest deadline if that is earlier; a call without a
 * client deadline gets the RPC's default. The deadline runs from the headers on, so a client that sends
 * headers and no body gets DEADLINE_EXCEEDED too. For a call with `deadlineAfterRequest` it runs from the
 * complete request on; the request's arrival has a separate time limit.
 */
export function deadlinePolicy(): Policy {
  return {
    open(call) {
      if (call.deadlineAfterRequest) call.startDeadline = () => begin(call);
      else begin(call);
    },
    close(call) {
      if (call.deadlineTimer) clearTimeout(call.deadlineTimer);
    },
  };
}

let past: ConnectError | undefined;
/**
 * Returns the error of a late call. All share one, because it has no details. It is made on first use: its headers load Node's
 * HTTP client, and a start need not wait for that.
 */
const pastError = (): ConnectError => {
  past ??= new ConnectError("deadline exceeded: the call arrived with no time left", Code.DeadlineExceeded);
  return past;
};

/** @throws ConnectError DEADLINE_EXCEEDED for a deadline that has passed */
function begin(call: Call): void {
  const { defaultTimeoutMs, maxTimeoutMs } = call.bound.limits;
  if (call.deadline === Number.POSITIVE_INFINITY) {
    call.deadline = Date.now() + defaultTimeoutMs;
    arm(call, defaultTimeoutMs, endAtDefault);
    return;
  }
  const now = Date.now();
  if (call.deadline <= now) throw pastError();
  if (call.deadline - now > maxTimeoutMs) {
    call.deadline = now + maxTimeoutMs;
    arm(call, maxTimeoutMs, endAtLongest);
  } else if (!call.engineKeepsDeadline) {
    arm(call, call.deadline - now, endAtClients);
  }
}

function arm(call: Call, leftMs: number, end: (call: Call) => void): void {
  if (leftMs <= MAX_TIMER_MS) call.deadlineTimer = setTimeout(end, Math.max(0, leftMs), call);
}

function endAtDefault(call: Call): void {
  call.fail(rpcError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "deadline exceeded"));
}

function endAtLongest(call: Call): void {
  const text = `deadline exceeded: this RPC is given at most ${call.bound.limits.maxTimeoutMs} ms`;
  call.fail(rpcError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", text));
}

/**
 * Ends a call at the deadline that its client set. The error has no details, because the client has canceled
 * the call and knows the reason.
 */
function endAtClients(call: Call): void {
  call.fail(new ConnectError("deadline exceeded", Code.DeadlineExceeded));
}
