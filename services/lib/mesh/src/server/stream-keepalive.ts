import { create, type Message } from "@bufbuild/protobuf";
import type { BoundMethod } from "../call/bound-method.ts";
import type { Route } from "../call/route.ts";

/**
 * Makes every open-ended stream of answers (a watch) send an empty message when it has sent nothing for
 * `everyMs`, because proxies, browsers and NAT drop idle connections. Clients ignore a message without
 * content. Vendored contracts are left out: there, an empty message has a meaning (for grpc.health.v1 it is
 * the status UNKNOWN).
 */
export function keepStreamsAlive(routes: readonly Route[], everyMs: number): Route[] {
  return routes.map((route) => ({ ...route, methods: route.methods.map((method) => keepAlive(method, everyMs)) }));
}

function keepAlive(bound: BoundMethod, everyMs: number): BoundMethod {
  if (!bound.limits.openEnded || !bound.streamsOut || bound.streamsIn || bound.isProbe) return bound;
  const { handler, method } = bound;
  return {
    ...bound,
    handler: (request, call) =>
      repeatWhenIdle(handler(request, call) as AsyncIterable<Message>, () => create(method.output), everyMs),
  };
}

/** Yields the messages. Whenever the reader has waited `everyMs` for a message, yields a `filler` instead. */
export function repeatWhenIdle<T>(messages: AsyncIterable<T>, filler: () => T, everyMs: number): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = messages[Symbol.asyncIterator]();
      let pending: Promise<void> | undefined;
      let settle: { resolve(result: IteratorResult<T>): void; reject(reason: unknown): void } | undefined;
      /** A message that arrived after the reader had received a filler instead. */
      let arrived: Promise<IteratorResult<T>> | undefined;
      const pull = (): void => {
        const next = iterator.next();
        // Calls `then` once per message, however many fillers are sent before the message.
        pending = next.then(
          (result) => {
            pending = undefined;
            if (settle) settle.resolve(result);
            else arrived = next;
          },
          (reason) => {
            pending = undefined;
            if (settle) settle.reject(reason);
            else arrived = next;
          },
        );
      };
      return {
        next() {
          if (arrived) {
            const next = arrived;
            arrived = undefined;
            return next;
          }
          if (!pending) pull();
          return new Promise<IteratorResult<T>>((resolve, reject) => {
            const timer = setTimeout(() => {
              settle = undefined;
              resolve({ done: false, value: filler() });
            }, everyMs).unref();
            const end = <A>(finish: (outcome: A) => void) => {
              return (outcome: A): void => {
                clearTimeout(timer);
                settle = undefined;
                finish(outcome);
              };
            };
            settle = { resolve: end(resolve), reject: end(reject) };
          });
        },
        async return() {
          settle?.resolve({ done: true, value: undefined });
          return (await iterator.return?.()) ?? { done: true, value: undefined };
        },
      };
    },
  };
}
