import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import type { Call } from "./call.ts";

/** Ends a call whose client lets its handler wait too long for the next message of a stream. */
export interface MessageTimer {
  /** The handler waits. */
  start(): void;
  /** A message has come. */
  stop(): void;
  /** No message is read any more. */
  clear(): void;
}

/** One timer for a whole stream: making one for each message would cost more than the message. */
export function createMessageTimer(call: Call, timeoutMs: number): MessageTimer {
  let waits = false;
  let timer: NodeJS.Timeout | undefined;
  const expire = (): void => {
    if (!waits) return;
    call.fail(rpcError(Code.DeadlineExceeded, "MESSAGE_TIMEOUT", `no message has come for ${timeoutMs} ms`));
  };
  return {
    start() {
      waits = true;
      if (timer) timer.refresh();
      else timer = setTimeout(expire, timeoutMs).unref();
    },
    stop() {
      waits = false;
    },
    clear() {
      waits = false;
      clearTimeout(timer);
    },
  };
}
