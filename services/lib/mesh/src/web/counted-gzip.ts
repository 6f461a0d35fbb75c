import { AsyncLocalStorage } from "node:async_hooks";
import { isUtf8 } from "node:buffer";
import { createGunzip } from "node:zlib";
import { Code, ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { inflate, TooLargeError } from "../call/inflate.ts";
import { plainBytes } from "../call/plain-bytes.ts";
import { notUtf8 } from "./utf8-body.ts";

/** Counts the bytes that a request inflates. */
export interface Inflater {
  /** Aborts an inflation, or its wait for a turn. */
  readonly signal: AbortSignal;
  /** Reports the current size of a message. False: stop, the message is not wanted any more. */
  inflating(inflatedBytes: number): boolean;
}

/** State of a request whose messages may be inflated. */
interface Inflation {
  inflater: Inflater | undefined;
  readonly asJson: boolean;
}

/**
 * connect calls a compression without stating the request, so the request is found through the async context.
 */
const current = new AsyncLocalStorage<Inflation>();
const inflationKey = createContextKey<Inflation | undefined>(undefined, { description: "what a request inflates" });

/**
 * Runs the engine for one request that may be compressed.
 * @param asJson whether its messages are JSON: then inflated bytes that are not UTF-8 are an error
 */
export function withInflation<T>(values: ContextValues, asJson: boolean, work: () => T): T {
  const inflation: Inflation = { inflater: undefined, asJson };
  values.set(inflationKey, inflation);
  return current.run(inflation, work);
}

/** From now on, `inflater` counts the bytes that the request with these context values inflates. */
export function inflatingFor(values: ContextValues, inflater: Inflater): void {
  const inflation = values.get(inflationKey);
  if (inflation) inflation.inflater = inflater;
}

/** connect's gzip; the inflated bytes are counted while they grow. */
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
    if (!(cause instanceof TooLargeError)) {
      throw new ConnectError("decompression failed", Code.InvalidArgument, undefined, undefined, cause);
    }
    const text = `message is larger than configured readMaxBytes ${readMaxBytes} after decompression`;
    throw new ConnectError(text, Code.ResourceExhausted, undefined, undefined, cause);
  }
}
