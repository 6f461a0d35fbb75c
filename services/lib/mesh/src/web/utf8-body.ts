import { isUtf8 } from "node:buffer";
import { Code, type ConnectError } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";
import type { BodyObserver } from "./interruptible-body.ts";

/**
 * A check of one body. The engine would read bytes that are no UTF-8 as U+FFFD, and with them another supplier's id. Most bodies are
 * one chunk, which is looked at as a whole: a decoder for each would cost more than the rest of the check.
 * Both hooks throw a ConnectError INVALID_ARGUMENT; a body may end within a character.
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

/** The error of JSON whose bytes are no UTF-8. */
export function notUtf8(cause?: unknown): ConnectError {
  return rpcError(Code.InvalidArgument, "MALFORMED_JSON", "the body is not UTF-8", { cause });
}
