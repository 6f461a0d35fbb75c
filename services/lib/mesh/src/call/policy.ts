import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "./call.ts";

/**
 * One concern of every call, written once for every listener. An error that a hook throws ends the call.
 * Policies are hooks instead of nested functions, because a hook that returns undefined costs no promise.
 */
export interface Policy {
  /**
   * Runs when the request's headers have arrived, before its body: telemetry starts, the deadline is armed,
   * the caller is identified.
   */
  open?(call: Call): void | Promise<void>;
  /**
   * Runs when a unary request is complete or a stream begins. True: the call waits, and the policy later
   * calls `call.enter()` or `call.fail()`. These are callbacks, because a promise costs as much as the rest
   * of the chain together.
   */
  admit?(call: Call): boolean;
  /** Runs for every request message. */
  message?(call: Call, message: Message): void;
  /**
   * Runs exactly once for every opened call, in reverse order of the policies. An error that it throws is
   * logged.
   */
  close?(call: Call, error: ConnectError | undefined): void;
}

/** Several policies combined into one. */
export interface PolicyChain extends Required<Policy> {
  /** Turns any thrown value into the error that the client may see. Never throws. */
  toError(reason: unknown, call: Call): ConnectError;
}

type CallHook = (call: Call) => void | Promise<void>;

/**
 * Chains policies: runs `open`, `admit` and `message` in order and `close` in reverse. Only the last policy
 * with `admit` may make calls wait.
 */
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
          // Calls also end inside event listeners, where a thrown error would end the process. The error is
          // logged instead.
          toError(thrown, call);
        }
      }
      if (!error) call.release();
    },
    toError,
  };
}

/** Runs hooks one after the other. Becomes asynchronous only when a hook returns a promise. */
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
