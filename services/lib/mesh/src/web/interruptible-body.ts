import { createContextKey } from "@connectrpc/connect";
import { freeBytes } from "../call/free-bytes.ts";

/** Ends the wait for the rest of a request's body with an error. */
export type Interrupt = (error: Error) => void;

/** What a call learns of its request's body while the engine reads it. */
export interface BodyListener {
  /** So many bytes have come by now. */
  arrived(bytes: number): void;
  /** Pause before more is read, milliseconds; 0: none. */
  paceMs(): number;
  /** All have come. */
  complete(): void;
}

/** A request's body as its call sees it. */
export interface RequestBody {
  readonly interrupt: Interrupt;
  /** Whether the HTTP engine ends a body that takes too long: it does with HTTP/1.1. */
  readonly isTimed: boolean;
  /** Its length as the request's header says; 0: it does not. */
  readonly announcedBytes: number;
  /** At most one listener; before the first byte is read. */
  listen(listener: BodyListener): void;
}

/** Looks at the bytes of a body as the engine reads them. What it throws is what the engine's read fails with. */
export interface BodyObserver {
  chunk(bytes: Uint8Array): void;
  /** All have come. */
  end(): void;
}

/** Where the web listener leaves a request's body for its call. */
export const bodyKey = createContextKey<RequestBody | undefined>(undefined, { description: "the request's body" });

/**
 * A body that can be ended from outside: the engine reads a unary request to its end before it asks anybody, so that a call which
 * is over already, as by its deadline, could not be answered while a slow client goes on sending.
 */
export function interruptibleBody(source: AsyncIterable<Uint8Array>, observer?: BodyObserver) {
  const chunks = source[Symbol.asyncIterator]();
  let listener: BodyListener | undefined;
  let arrivedBytes = 0;
  /** What the engine has been given of an incomplete body; null: it is complete, and what was given is its message. */
  let given: Buffer[] | null = [];
  const take = (result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (result.done) {
      given = null;
      listener?.complete();
      observer?.end();
      return result;
    }
    arrivedBytes += result.value.length;
    const value = ownBytes(result.value);
    given?.push(value);
    listener?.arrived(arrivedBytes);
    observer?.chunk(value);
    return { value };
  };
  let failure: Error | undefined;
  let giveUp: Interrupt | undefined;
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      const passOn = (result: IteratorResult<Uint8Array>): void => {
        try {
          resolve(take(result));
        } catch (error) {
          reject(error);
        }
      };
      const pull = (): void => {
        if (failure) reject(failure);
        else chunks.next().then(passOn, reject);
      };
      const paceMs = listener?.paceMs() ?? 0;
      if (paceMs > 0) setTimeout(pull, paceMs);
      else pull();
    });
  const finish = async (): Promise<IteratorResult<Uint8Array>> =>
    (await chunks.return?.()) ?? { done: true, value: undefined };
  const body: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next, return: finish }) };
  const interrupt: Interrupt = (error) => {
    failure = error;
    giveUp?.(error);
    // The engine reads no further, and would leave what it has to the garbage collector.
    for (const bytes of given ?? []) freeBytes(bytes);
    given = null;
  };
  const listen = (to: BodyListener): void => {
    listener = to;
  };
  return { body, interrupt, listen };
}

/** What a connection reads at once may be so much larger than the part of one request in it. */
const LARGE_BUFFER_BYTES = 16 * 1024;

/** The same bytes, copied out of a larger buffer that they would keep from being collected. */
function ownBytes(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, byteLength } = bytes;
  const isPart = buffer.byteLength >= LARGE_BUFFER_BYTES && buffer.byteLength > byteLength;
  if (!isPart) return Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength);
  const own = Buffer.allocUnsafeSlow(byteLength);
  own.set(bytes);
  return own;
}
