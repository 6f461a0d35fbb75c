import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "./call.ts";

/**
 * One concern of every call, written once for every listener. A hook that throws ends the call with that error.
 * Hooks instead of nested functions: one that returns undefined costs no promise.
 */
export interface Policy {
  /** The request's headers are there, its body is not: telemetry starts, the deadline is armed, the caller is identified. */
  open?(call: Call): void | Promise<void>;
  /**
   * A unary request is complete, or a stream begins. True: the call waits, and the policy says `call.enter()` or `call.fail()`
   * later; a callback instead of a promise, which costs as much as the rest of the chain together.
   */
  admit?(call: Call): boolean;
  /** Every inbound message. */
  message?(call: Call, message: Message): void;
  /** Exactly once for every opened call, in reverse order of the policies. What it throws is logged. */
  close?(call: Call, error: ConnectError | undefined): void;
}

/** Policies as one. */
export interface PolicyChain extends Required<Policy> {
  /** Turns whatever was thrown into what the client may see. Never throws. */
  toError(reason: unknown, call: Call): ConnectError;
}

type CallHook = (call: Call) => void | Promise<void>;

/** Chains policies: `open`, `admit` and `message` in order, `close` in reverse. A policy that makes calls wait is the last with `admit`. */
export function chainPolicies(policies: readonly Policy[], toError: PolicyChain["toError"]): PolicyChain {
  const admits = policies.flatMap((p) => (p.admit ? [p.admit.bind(p)] : []));
  const messages = policies.flatMap((p) => (p.message ? [p.message.bind(p)] : []));
  const closes = policies.flatMap((p) => (p.close ? [p.close.bind(p)] : [])).reverse();
  return {
    open: inSequence(policies.flatMap((p) => (p.open ? [p.open.bind(p)] : []))),
    admit: (call) => admits.some((admit) => admit(call)),
    message(call, message) {
      call.firstRequest ??= message;
      for (const check of messages) check(call, message);
    },
    close(call, error) {
      if (call.closed) return;
      call.closed = true;
      for (const end of closes) {
        try {
          end(call, error);
        } catch (thrown) {
          // A call also ends in event listeners, where an error would end the process: it goes to the log.
          toError(thrown, call);
        }
      }
      if (!error) call.release();
    },
    toError,
  };
}

/** Runs hooks one after the other; turns asynchronous only when a hook does. */
function inSequence(hooks: readonly CallHook[]): CallHook {
  const resume = async (pending: Promise<void>, call: Call, rest: readonly CallHook[]): Promise<void> => {
    await pending;
    for (const hook of rest) await hook(call);
  };
  return (call) => {
    let done = 0;
    for (const hook of hooks) {
      done++;
      const pending = hook(call);
      if (pending) return done === hooks.length ? pending : resume(pending, call, hooks.slice(done));
    }
  };
}
