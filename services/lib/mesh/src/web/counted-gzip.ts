import { AsyncLocalStorage } from "node:async_hooks";
import { isUtf8 } from "node:buffer";
import { createGunzip } from "node:zlib";
import { Code, ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { inflate, TooLargeError } from "../call/inflate.ts";
import { plainBytes } from "../call/plain-bytes.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { notUtf8 } from "./utf8-body.ts";

/** Counts the decompressed bytes of a request. */
export interface Inflater {
  /** Aborts a decompression, or its wait until other decompressions have ended. */
  readonly signal: AbortSignal;
  /** The error with which the request has ended. Undefined: the request has not ended with an error. */
  readonly failure: ConnectError | undefined;
  /**
   * Called with the number of decompressed bytes of the current message so far. Return false to stop: the
   * message is no longer needed.
   */
  inflating(inflatedBytes: number): boolean;
}

/** State of a request that may have compressed messages. */
interface Inflation {
  inflater: Inflater | undefined;
  readonly asJson: boolean;
}

/**
 * connect does not pass the request to its compression functions, so they find it through the async context.
 */
const current = new AsyncLocalStorage<Inflation>();
const inflationKey = createContextKey<Inflation | undefined>(undefined, {
  description: "how a request is decompressed",
});

/**
 * Runs connect's engine for one request that may have compressed messages.
 * @param asJson whether the messages are JSON: decompressed bytes that are not UTF-8 are then an error
 */
export function withInflation<T>(values: ContextValues, asJson: boolean, work: () => T): T {
  const inflation: Inflation = { inflater: undefined, asJson };
  values.set(inflationKey, inflation);
  return current.run(inflation, work);
}

/** Sets the object that counts the decompressed bytes of the request with these context values. */
export function inflatingFor(values: ContextValues, inflater: Inflater): void {
  const inflation = values.get(inflationKey);
  if (inflation) inflation.inflater = inflater;
}

/** gzip for connect. It counts the decompressed bytes while it decompresses a message. */
export const countedGzip: Compression = {
  ...compressionGzip,
  async decompress(bytes, readMaxBytes) {
    if (bytes.length === 0) return new Uint8Array(0);
    const { inflater, asJson = false } = current.getStore() ?? {};
    const inflated = await inflateFor(inflater, bytes, readMaxBytes);
    if (asJson && !isUtf8(inflated)) throw notUtf8();
    return plainBytes(inflated);
  },
};

async function inflateFor(inflater: Inflater | undefined, bytes: Uint8Array, readMaxBytes: number) {
  try {
    return await inflate(createGunzip, bytes, {
      maxBytes: readMaxBytes,
      shouldContinue: (size) => inflater?.inflating(size) ?? true,
      ...(inflater && { signal: inflater.signal }),
    });
  } catch (cause) {
    // The call has ended, and its own error is the answer: the bytes were not decompressed to their end.
    if (inflater?.failure) throw inflater.failure;
    if (!(cause instanceof TooLargeError)) {
      throw rpcError(Code.InvalidArgument, "MALFORMED_GZIP", "the message is not valid gzip", { cause });
    }
    const text = `message is larger than configured readMaxBytes ${readMaxBytes} after decompression`;
    throw new ConnectError(text, Code.ResourceExhausted, undefined, undefined, cause);
  }
}
