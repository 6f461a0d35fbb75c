import { createContextKey } from "@connectrpc/connect";

/** Ends the wait for the rest of a request's body with an error. */
export type Interrupt = (error: Error) => void;

/** Where the web door leaves the interrupt of a request's body for its call. */
export const interruptKey = createContextKey<Interrupt>(() => {}, { description: "ends the wait for a body" });

/**
 * A body that can be ended from outside: the engine reads a unary request to its end before it asks anybody, so that a call which
 * is over already, as by its deadline, could not be answered while a slow client goes on sending.
 */
export function interruptibleBody(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let failure: Error | undefined;
  let giveUp: Interrupt | undefined;
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      if (failure) reject(failure);
      else chunks.next().then(resolve, reject);
    });
  const finish = async (): Promise<IteratorResult<Uint8Array>> =>
    (await chunks.return?.()) ?? { done: true, value: undefined };
  const body: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next, return: finish }) };
  const interrupt: Interrupt = (error) => {
    failure = error;
    giveUp?.(error);
  };
  return { body, interrupt };
}
