import { createContextKey } from "@connectrpc/connect";
import { freeBytes } from "../call/free-bytes.ts";

/** Ends the wait for the rest of a request's body with an error. */
export type Interrupt = (error: Error) => void;

/** Reports the progress of a request's body to its call while the engine reads it. */
export interface BodyListener {
  /** Called with the number of bytes that have arrived so far. */
  arrived(bytes: number): void;
  /** Returns the pause before more is read, milliseconds; 0: no pause. */
  paceMs(): number;
  /** Called when the whole body has arrived. */
  complete(): void;
}

/** A request's body, as its call uses it. */
export interface RequestBody {
  readonly interrupt: Interrupt;
  /** Whether the HTTP engine ends a body that takes too long, as it does for HTTP/1.1. */
  readonly isTimed: boolean;
  /** Length of the body by the request's header; 0: the header is missing. */
  readonly announcedBytes: number;
  /** Sets the listener. At most one, before the first byte is read. */
  listen(listener: BodyListener): void;
}

/** Inspects the bytes of a body as the engine reads them. An error that it throws fails the engine's read. */
export interface BodyObserver {
  chunk(bytes: Uint8Array): void;
  /** Called when the whole body has been read. */
  end(): void;
}

/** Key under which the web listener stores a request's body for its call. */
export const bodyKey = createContextKey<RequestBody | undefined>(undefined, { description: "the request's body" });

/**
 * Returns a body that other code can end. The engine reads a unary request to its end before it does anything
 * else. Without an interrupt, a call that has already ended, for example at its deadline, could not be
 * answered while a slow client continues to send.
 */
export function interruptibleBody(source: AsyncIterable<Uint8Array>, observer?: BodyObserver) {
  const chunks = source[Symbol.asyncIterator]();
  let listener: BodyListener | undefined;
  let arrivedBytes = 0;
  /**
   * Bytes of an incomplete body that were passed to the engine. Null: the body is complete, and the engine
   * uses these bytes as its message.
   */
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
    // The engine stops reading here and would leave these bytes to the garbage collector.
    for (const bytes of given ?? []) freeBytes(bytes);
    given = null;
  };
  const listen = (to: BodyListener): void => {
    listener = to;
  };
  return { body, interrupt, listen };
}

/**
 * A buffer of at least this size may contain everything that Node read from a connection at once. The bytes
 * of the request may be only a part of it.
 */
const LARGE_BUFFER_BYTES = 16 * 1024;

/** Copies bytes that are a small part of a larger buffer, so that the larger buffer can be freed. */
function ownBytes(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, byteLength } = bytes;
  const isPart = buffer.byteLength >= LARGE_BUFFER_BYTES && buffer.byteLength > byteLength;
  if (!isPart) return Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength);
  const own = Buffer.allocUnsafeSlow(byteLength);
  own.set(bytes);
  return own;
}
