import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import type { Call } from "./call.ts";

/** Ends a call whose client does not send the next message of its stream in time. */
export interface MessageTimer {
  /** Called when the handler starts to wait for a message. */
  start(): void;
  /** Called when a message has arrived. */
  stop(): void;
  /** Called when no further message is read. */
  clear(): void;
}

/** Creates one timer for a whole stream: creating a timer per message would cost more than the message. */
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
