import { isUtf8 } from "node:buffer";
import { Code, type ConnectError } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import type { BodyObserver } from "./interruptible-body.ts";

/**
 * Creates the UTF-8 check of one body. The engine would decode invalid bytes as U+FFFD, which could name
 * another supplier. Most bodies are one chunk, which is checked as a whole: creating a decoder for each would
 * cost more than the rest of the check. Both hooks throw a ConnectError INVALID_ARGUMENT; `end` throws it
 * when the body ends within a character.
 */
export function createUtf8Check(): BodyObserver {
  let only: Uint8Array | undefined;
  let decoder: TextDecoder | undefined;
  const decode = (bytes: Uint8Array | undefined): void => {
    try {
      decoder?.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw notUtf8(cause);
    }
  };
  return {
    chunk(bytes) {
      if (!decoder && !only) {
        only = bytes;
        return;
      }
      if (!decoder) {
        decoder = new TextDecoder("utf-8", { fatal: true });
        decode(only);
        only = undefined;
      }
      decode(bytes);
    },
    end() {
      if (only && !isUtf8(only)) throw notUtf8();
      decode(undefined);
    },
  };
}

/** Returns the error for JSON whose bytes are not UTF-8. */
export function notUtf8(cause?: unknown): ConnectError {
  return rpcError(Code.InvalidArgument, "MALFORMED_JSON", "the body is not UTF-8", { cause });
}
