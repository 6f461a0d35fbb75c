import { createContextKey } from "@connectrpc/connect";

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
  /** At most one listener; before the first byte is read. */
  listen(listener: BodyListener): void;
}

/** Where the web door leaves a request's body for its call. */
export const bodyKey = createContextKey<RequestBody | undefined>(undefined, { description: "the request's body" });

/**
 * A body that can be ended from outside: the engine reads a unary request to its end before it asks anybody, so that a call which
 * is over already, as by its deadline, could not be answered while a slow client goes on sending.
 */
export function interruptibleBody(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let listener: BodyListener | undefined;
  let arrivedBytes = 0;
  const take = (result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (result.done) {
      listener?.complete();
      return result;
    }
    arrivedBytes += result.value.length;
    listener?.arrived(arrivedBytes);
    return { value: ownBytes(result.value) };
  };
  let failure: Error | undefined;
  let giveUp: Interrupt | undefined;
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      const pull = (): void => {
        if (failure) reject(failure);
        else chunks.next().then((result) => resolve(take(result)), reject);
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
  };
  const listen = (to: BodyListener): void => {
    listener = to;
  };
  return { body, interrupt, listen };
}

/** What a connection reads at once may be so much larger than the part of one request in it. */
const LARGE_BUFFER_BYTES = 16 * 1024;

/** The same bytes, copied out of a much larger buffer that they would keep from being collected. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes.buffer;
  return byteLength >= LARGE_BUFFER_BYTES && byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes;
}
