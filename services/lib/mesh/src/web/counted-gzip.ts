import { AsyncLocalStorage } from "node:async_hooks";
import { isUtf8 } from "node:buffer";
import { createGunzip } from "node:zlib";
import { Code, ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { inflate, TooLargeError } from "../call/inflate.ts";
import { plainBytes } from "../call/plain-bytes.ts";
import { notUtf8 } from "./utf8-body.ts";

/** Who a request's inflated bytes are counted for. */
export interface Inflater {
  /** Ends what is inflated, or waits to be. */
  readonly signal: AbortSignal;
  /** A message is so large by now. False: it is not wanted any more. */
  inflating(inflatedBytes: number): boolean;
}

/** What is known of the request that is inflated. */
interface Inflation {
  inflater: Inflater | undefined;
  readonly asJson: boolean;
}

/** The engine calls a compression without saying for which request. */
const current = new AsyncLocalStorage<Inflation>();
const inflationKey = createContextKey<Inflation | undefined>(undefined, { description: "what a request inflates" });

/**
 * Runs the engine for one request that may be compressed.
 * @param asJson its messages are JSON: inflated bytes that are no UTF-8 are an error
 */
export function withInflation<T>(values: ContextValues, asJson: boolean, work: () => T): T {
  const inflation: Inflation = { inflater: undefined, asJson };
  values.set(inflationKey, inflation);
  return current.run(inflation, work);
}

/** From now on, what the request with these values inflates is counted for `inflater`. */
export function inflatingFor(values: ContextValues, inflater: Inflater): void {
  const inflation = values.get(inflationKey);
  if (inflation) inflation.inflater = inflater;
}

/** connect's gzip, but what it inflates is counted while it grows. */
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
      goesOn: (size) => inflater?.inflating(size) ?? true,
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
